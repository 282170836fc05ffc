"""Secret files: written whole, readable by their owner only."""

import contextlib
import os
from pathlib import Path


def create_private(path: Path, text: str) -> None:
    """Write a new file of mode 0600. Of several processes that try at once, the first one's stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.urandom(8).hex()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    with contextlib.suppress(FileExistsError):
        os.link(temporary, path)
    temporary.unlink()


def is_private(path: Path) -> bool:
    """Say whether nobody but the owner may read or write a file."""
    return path.stat().st_mode & 0o077 == 0
