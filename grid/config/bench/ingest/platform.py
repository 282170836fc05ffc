"""A platform to measure on: the servers and the web process as `./watt up` starts them, and their CPU time."""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django

from grid.config.bench.start import descendants
from grid.config.runtime import DataFolder
from grid.config.supervisor import Supervisor

_TICKS = os.sysconf("SC_CLK_TCK")


class Platform:
    """A supervisor's servers and web process, and this process as a client of the same database."""

    def __init__(self, supervisor: Supervisor) -> None:
        self.supervisor = supervisor

    @property
    def port(self) -> int:
        assert self.supervisor.port is not None  # it was started
        return self.supervisor.port

    @property
    def folder(self) -> Path:
        return self.supervisor.folder.path

    def cpu(self, *names: str) -> float:
        """Return the CPU seconds that parts or servers, with all their processes, have used so far."""
        roots = [part.process.pid for part in self.supervisor.parts if part.name in names and part.process]
        roots += [
            server.process.pid for name, server in self.supervisor.servers.items() if name in names and server.process
        ]
        return sum(map(_cpu_of, descendants(roots)))

    def rest(self) -> None:
        """Stop every process but the servers."""
        for part in self.supervisor.parts:
            part.stop()


def _cpu_of(process: int) -> float:
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICKS


@contextmanager
def platform() -> Iterator[Platform]:
    """The whole platform but the community, on a temporary folder, gone afterwards. Raises StartError."""
    path = Path(tempfile.mkdtemp(prefix="watt-bench-"))
    path.chmod(0o755)
    # One address is the whole fleet here; meters keep their limit.
    os.environ["INGEST_ADDRESS_RECORDS_PER_MINUTE"] = str(10**9)
    supervisor = Supervisor(DataFolder(path), host="127.0.0.1", port=None, quiet=True)
    try:
        supervisor.open_folder()
        supervisor.start_servers(genesis=int(time.time()) - 60)
        supervisor.start_broker()
        supervisor.set_environment(simulated=False)
        supervisor.start_platform()
        supervisor.start_bridge()
        os.environ.update(supervisor.told)
        django.setup()
        yield Platform(supervisor)
    finally:
        from django.db import connections

        if django.apps.apps.ready:
            connections.close_all()
        supervisor.stop()
        supervisor.remove()
