"""What made a forecast: the sources of this package and the libraries whose numbers it uses."""

from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

LIBRARIES = ("holidays", "numpy", "pandas", "prophet", "pvlib")


@cache
def code_hash() -> str:
    """Sha256 (hex) over the package's source files, names included, in name order."""
    digest = sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


@cache
def library_versions() -> dict[str, str]:
    """Installed versions of the libraries that shape a forecast."""
    return {name: version(name) for name in LIBRARIES}
