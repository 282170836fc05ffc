"""Child processes that end with their parent, free ports, and waiting for readiness."""

import contextlib
import ctypes
import os
import pwd
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import IO


class StartError(Exception):
    """A part could not start; the message says which and what to do."""


PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
_kept_open: set[int] = set()


def keep_open(descriptor: int) -> None:
    """Hand an open file on to every child from now on: a lock on it lasts as long as any of them."""
    _kept_open.add(descriptor)


def forget(descriptor: int) -> None:
    """Hand it on no more."""
    _kept_open.discard(descriptor)


def lock_holders(file: Path) -> list[int]:
    """Processes that share the lock on a file, of those this user may look into (Linux; elsewhere none)."""
    path = os.path.realpath(file)
    found = set()
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if os.readlink(link) == path and "FLOCK" in (link.parents[1] / "fdinfo" / link.name).read_text():
                found.add(int(link.parts[2]))
        except OSError:
            continue  # it has ended, or closed the file, meanwhile
    return sorted(found)


def is_alive(process: int) -> bool:
    """Whether a process of that id runs, whoever's it is; one that ended and was not waited for does not."""
    if process <= 0:
        return False
    with contextlib.suppress(OSError):
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _die_with_parent(parent: int, farewell: int) -> None:
    """Ask Linux to send this child a signal when its parent is gone, killed ones included."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, farewell)
        if os.getppid() != parent:
            os._exit(1)  # it was gone before we could ask


def unprivileged_user() -> pwd.struct_passwd | None:
    """The user PostgreSQL runs as when we are root (it refuses root), else None."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise StartError("PostgreSQL does not run as root and there is no user 'nobody' to run it as: create one.")


def spawn(
    command: Sequence[str | os.PathLike[str]],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    user: pwd.struct_passwd | None = None,
    cwd: Path | None = None,
    farewell: int = signal.SIGTERM,
) -> subprocess.Popen[bytes]:
    """Start a child in its own session, its output appended to `log`.

    `farewell` is the signal it gets should this process be killed.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as out:
        return popen(command, out, env=env, user=user, cwd=cwd, farewell=farewell)


def popen(
    command: Sequence[str | os.PathLike[str]],
    out: IO[bytes] | IO[str],
    *,
    env: Mapping[str, str] | None,
    user: pwd.struct_passwd | None = None,
    cwd: Path | None = None,
    farewell: int = signal.SIGTERM,
) -> subprocess.Popen[bytes]:
    """Like `spawn`, with its output going to an open file."""
    # A new session keeps the terminal's Ctrl-C from reaching the children: the supervisor stops
    # them one by one, in order.
    return subprocess.Popen(
        [os.fspath(part) for part in command],
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=subprocess.STDOUT,
        env=None if env is None else dict(env),
        cwd=cwd,
        start_new_session=True,
        pass_fds=tuple(_kept_open),
        preexec_fn=partial(_die_with_parent, os.getpid(), farewell),
        user=None if user is None else user.pw_uid,
        group=None if user is None else user.pw_gid,
        extra_groups=None if user is None else [],
    )


def free_port() -> int:
    """A TCP port of the loopback interface that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(
    ready: Callable[[], bool],
    *,
    what: str,
    seconds: float = 30.0,
    process: subprocess.Popen[bytes] | None = None,
    log: Path | None = None,
) -> None:
    """Poll until `ready()`; raises StartError when the process ends or time runs out."""
    limit = time.monotonic() + seconds
    while not ready():
        ended = process is not None and process.poll() is not None
        if ended or time.monotonic() > limit:
            reason = f"ended with code {process.returncode}" if ended and process else f"not ready in {seconds:.0f} s"
            raise StartError(f"{what}: {reason}.{tail(log)}")
        time.sleep(0.02)


def tail(log: Path | None, lines: int = 8) -> str:
    """The last lines of a log, for an error message."""
    if log is None or not log.exists():
        return ""
    text = log.read_text(errors="replace").splitlines()[-lines:]
    return f" See {log}, which ends with:\n  " + "\n  ".join(text) if text else f" See {log}."


def stop(process: subprocess.Popen[bytes], *, sig: int = signal.SIGTERM, seconds: float = 10.0) -> bool:
    """Signal a child, wait, then kill whatever is left of its session. False if it had to be killed.

    Only the child is signalled: servers and workers stop their own children in their own order.
    """
    ended = True
    if process.poll() is None:
        process.send_signal(sig)
        try:
            process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            ended = False
    _signal_session(process, signal.SIGKILL)
    process.wait()
    return ended


def stop_all(orphans: Sequence[int], *, seconds: float = 5.0) -> None:
    """End processes that are not our children: TERM, then kill what is left."""
    for sig, limit in ((signal.SIGTERM, seconds), (signal.SIGKILL, 1.0)):
        for process in filter(is_alive, orphans):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(process, sig)
        end = time.monotonic() + limit
        while any(map(is_alive, orphans)) and time.monotonic() < end:
            time.sleep(0.02)


def _signal_session(process: subprocess.Popen[bytes], sig: int) -> None:
    try:
        os.killpg(process.pid, sig)
    except (ProcessLookupError, PermissionError):
        return
