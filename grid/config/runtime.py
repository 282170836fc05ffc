"""The data folder of one platform: its layout, its lock, and what its processes are told."""

import fcntl
import json
import os
import secrets
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grid.config.servers import processes
from grid.config.servers.postgres import LONGEST_SOCKET_FOLDER, SHARED
from grid.config.servers.processes import StartError

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class DataFolder:
    """Everything a platform keeps. Delete the folder and the platform is new."""

    path: Path

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def clock(self) -> Path:
        return self.path / "clock.json"

    @property
    def run_file(self) -> Path:
        return self.path / "run.json"

    @property
    def instance(self) -> str:
        """A name of this folder's own, so that nothing kept elsewhere outlives it by mistake."""
        known = self._known_instance()
        if known is None:
            known = secrets.token_hex(6)
            (self.path / "instance").write_text(known)
        return known

    def _known_instance(self) -> str | None:
        file = self.path / "instance"
        return file.read_text().strip() if file.exists() else None

    @property
    def postgres(self) -> Path:
        """PostgreSQL's files: under /var/lib when root, whose own folders its user cannot enter."""
        return SHARED / self.instance if os.geteuid() == 0 else self.path / "postgres"

    @property
    def sockets(self) -> Path:
        """A folder with a short enough path for unix sockets."""
        if os.geteuid() == 0:
            return SHARED / self.instance / "sockets"
        near = self.path / "sockets"
        if len(os.fspath(near / "postgres")) <= LONGEST_SOCKET_FOLDER:
            return near
        return Path(tempfile.gettempdir()) / f"watt-{os.getuid()}-{self.instance}"

    @property
    def elsewhere(self) -> list[Path]:
        """What this user's platform had to keep outside the folder."""
        if self._known_instance() is None:
            return []
        return [place for place in (self.postgres, self.sockets) if not place.is_relative_to(self.path)]

    def create(self) -> None:
        """Make what is not there yet. Raises StartError where this user must not run on the folder."""
        self.logs.mkdir(exist_ok=True)
        (self.path / "static").mkdir(exist_ok=True)  # the web server looks for collected files there
        if os.geteuid() == 0:
            if (self.path / "postgres").exists():
                raise StartError(f"{self.path} was made by an ordinary user: start as that user, not as root.")
            self._claim_shared()
        self.sockets.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            for folder in (SHARED, SHARED / self.instance, self.sockets):
                folder.chmod(0o755)

    def _claim_shared(self) -> None:
        """PostgreSQL's files lie elsewhere when root, so a copy of the folder would share them."""
        shared = SHARED / self.instance
        shared.mkdir(parents=True, exist_ok=True)
        owner = shared / "owner"
        if owner.exists():
            other = Path(owner.read_text())
            if other != self.path and DataFolder(other)._known_instance() == self.instance:
                raise StartError(
                    f"{self.path} is a copy of {other}, and PostgreSQL's files for both are in {shared}: "
                    "choose an empty folder with --data."
                )
        owner.write_text(os.fspath(self.path))

    def secret(self, name: str) -> str:
        """A secret of this folder, made on first use: 32 random bytes in hexadecimal."""
        file = self.path / name
        if not file.exists():
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as out:
                out.write(secrets.token_hex(32))
        return file.read_text().strip()


class Locked(StartError):
    """Another platform runs on the data folder."""


class Lock:
    """Held while a platform runs on a data folder.

    Every process of the platform holds it too, so that after a kill no second platform starts while
    something of the first still writes. The kernel lets go of it with the last of them.
    """

    def __init__(self, folder: DataFolder, *, say: Callable[[str], None] = print, patience: float = 30.0) -> None:
        """Take it; leftovers of a killed platform are waited for. Raises Locked."""
        self.path = folder.path / "lock"
        self._file = self.path.open("a+")
        limit = time.monotonic() + patience
        told = False
        while not self._try():
            owner = self._owner()
            left = processes.lock_holders(self.path)
            if owner in left or (not left and processes.is_alive(owner)):
                raise Locked(
                    f"Commonwatt already runs on {folder.path} (process {owner}). Stop it, or choose "
                    "another folder with --data."
                )
            if time.monotonic() > limit:
                raise Locked(
                    f"Processes of an earlier run on {folder.path} have not ended: end them with "
                    f"`kill {' '.join(map(str, left))}`, or choose another folder with --data."
                )
            if not told:
                say("waiting for what an earlier run, which was killed, has left")
                told = True
            time.sleep(0.1)
        self._file.truncate(0)
        self._file.write(str(os.getpid()))
        self._file.flush()
        processes.keep_open(self._file.fileno())

    def _try(self) -> bool:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _owner(self) -> int:
        self._file.seek(0)
        text = self._file.read().strip()
        return int(text) if text.isdigit() else 0

    def leftovers(self) -> list[int]:
        """Other processes that hold it."""
        return [pid for pid in processes.lock_holders(self.path) if pid != os.getpid()]

    def release(self) -> None:
        processes.forget(self._file.fileno())
        self._file.close()


def write_run_file(folder: DataFolder, content: dict[str, Any]) -> None:
    """Tell other commands (`./watt manage`) where the running parts are."""
    temporary = folder.run_file.with_suffix(".tmp")
    temporary.touch(mode=0o600)
    temporary.write_text(json.dumps(content, indent=2))
    os.replace(temporary, folder.run_file)


def read_run_file(folder: DataFolder) -> dict[str, Any]:
    """What runs on the folder now; raises StartError when nothing does."""
    try:
        content: dict[str, Any] = json.loads(folder.run_file.read_text())
    except FileNotFoundError:
        content = {}
    except PermissionError:
        raise StartError(f"{folder.path} is another user's: run this as the user of ./watt up.") from None
    if not processes.is_alive(content.get("supervisor", 0)):
        raise StartError(
            f"Nothing runs on {folder.path}: start ./watt up first, or set DATABASE_URL for a database of your own."
        )
    return content
