"""The data folder of one platform: its layout, its lock, and what its processes are told."""

import fcntl
import json
import os
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
        file = self.path / "instance"
        if not file.exists():
            file.write_text(secrets.token_hex(6))
        return file.read_text().strip()

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
        if len(os.fspath(near)) <= LONGEST_SOCKET_FOLDER:
            return near
        return Path(tempfile.gettempdir()) / f"watt-{os.getuid()}-{self.instance}"

    def create(self) -> None:
        self.path.mkdir(parents=True, exist_ok=True)
        self.logs.mkdir(exist_ok=True)
        for folder in (self.sockets.parent, self.sockets):
            folder.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            SHARED.chmod(0o755)
            (SHARED / self.instance).chmod(0o755)

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
    """Held while a platform runs on a data folder; the kernel lets go of it when the process ends."""

    def __init__(self, folder: DataFolder) -> None:
        self._file = (folder.path / "lock").open("a+")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.seek(0)
            owner = self._file.read().strip() or "unknown"
            raise Locked(
                f"Commonwatt already runs on {folder.path} (process {owner}). Stop it, or choose another folder "
                "with --data."
            ) from None
        self._file.truncate(0)
        self._file.write(str(os.getpid()))
        self._file.flush()


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
        os.kill(content["supervisor"], 0)
    except (FileNotFoundError, ProcessLookupError):
        raise StartError(
            f"Nothing runs on {folder.path}: start ./watt up first, or set DATABASE_URL for a database of your own."
        ) from None
    except PermissionError:
        pass  # it runs as another user, and that is all we asked
    return content
