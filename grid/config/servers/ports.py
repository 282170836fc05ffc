"""Claims on TCP ports among the platforms of one machine."""

import contextlib
import fcntl
import os
import tempfile
from pathlib import Path
from typing import IO


def claim_port(port: int) -> IO[str] | None:
    """A port's claim among platforms of this machine, held while the file is open; None when another holds it.

    The web server shares its port with whoever asks (SO_REUSEPORT), so that between looking and listening two
    platforms could end up answering each other's requests.
    """
    path = Path(tempfile.gettempdir()) / f"commonwatt-port-{port}.lock"
    claim = os.fdopen(_open(path), "r+")
    try:
        fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        claim.close()
        return None
    with contextlib.suppress(PermissionError):
        path.chmod(0o666)  # another user's platform must be able to ask
    return claim


def _open(path: Path) -> int:
    """Without O_CREAT where it is there: in /tmp, Linux forbids that on another user's file, even to root."""
    with contextlib.suppress(FileNotFoundError):
        return os.open(path, os.O_RDWR | os.O_CLOEXEC)
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
