"""The data folder: one platform at a time, secrets of its own, sockets within the system's limits."""

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from grid.config import runtime
from grid.config.runtime import DataFolder, Lock, Locked, read_run_file, write_run_file
from grid.config.servers.postgres import LONGEST_SOCKET_FOLDER
from grid.config.servers.processes import StartError, is_alive, wait_until
from tests.platform.support import ROOT

# Takes the lock, starts a child that survives it, and waits to be killed.
LEAVES_A_CHILD = """
import signal, sys
from pathlib import Path
from grid.config.runtime import DataFolder, Lock
from grid.config.servers.processes import spawn
folder = DataFolder(Path(sys.argv[1]))
lock = Lock(folder)
child = spawn(["sleep", "300"], log=folder.path / "log", farewell=signal.SIGCONT)
print(child.pid, flush=True)
signal.pause()
"""


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_second_platform_is_refused_with_the_owner_and_the_remedy(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    first = Lock(folder)
    with pytest.raises(Locked, match=rf"already runs on .*\(process {os.getpid()}\).*--data"):
        Lock(folder)
    first.release()
    Lock(folder).release()


def test_what_a_killed_platform_left_keeps_the_next_one_waiting(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    command = [sys.executable, "-c", LEAVES_A_CHILD, os.fspath(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as platform:
        assert platform.stdout is not None
        child = int(platform.stdout.readline())
        platform.kill()
    said: list[str] = []
    with pytest.raises(Locked, match=f"`kill {child}`"):
        Lock(folder, say=said.append, patience=0.0)
    os.kill(child, signal.SIGKILL)
    wait_until(lambda: not is_alive(child), what="the child's end")
    lock = Lock(folder, say=said.append)
    assert (tmp_path / "lock").read_text() == str(os.getpid())
    lock.release()


def test_the_folders_name_stays_and_is_its_own(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    folder = DataFolder(tmp_path)
    assert folder.instance == DataFolder(tmp_path).instance
    assert folder.instance != DataFolder(tmp_path / "other").instance


def test_secrets_are_made_once_and_for_the_owner_alone(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    secret = folder.secret("data-key")
    assert len(bytes.fromhex(secret)) == 32
    assert folder.secret("data-key") == secret != folder.secret("secret-key")
    assert _mode(tmp_path / "data-key") == 0o600


def test_a_long_path_gets_its_sockets_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1_000)
    for length in range(LONGEST_SOCKET_FOLDER - 30, LONGEST_SOCKET_FOLDER + 30):
        deep = tmp_path / ("x" * max(1, length - len(os.fspath(tmp_path)) - 1))
        deep.mkdir(exist_ok=True)
        sockets = DataFolder(deep).sockets
        assert len(os.fspath(sockets / "postgres")) <= LONGEST_SOCKET_FOLDER
    assert not sockets.is_relative_to(deep)
    assert DataFolder(Path("/srv/watt")).sockets == Path("/srv/watt/sockets")


def test_what_is_kept_elsewhere_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = DataFolder(tmp_path)
    assert folder.elsewhere == []  # nothing was started on it
    shared = runtime.SHARED / folder.instance
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert folder.elsewhere == [shared, shared / "sockets"]
    monkeypatch.setattr(os, "geteuid", lambda: 1_000)
    assert folder.elsewhere == ([] if folder.sockets == tmp_path / "sockets" else [folder.sockets])


def test_root_leaves_an_ordinary_users_folder_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    (tmp_path / "postgres").mkdir()
    with pytest.raises(StartError, match="start as that user"):
        DataFolder(tmp_path).create()


def test_a_copied_folder_does_not_share_roots_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(runtime, "SHARED", tmp_path / "shared")
    original, copy = DataFolder(tmp_path / "original"), DataFolder(tmp_path / "copy")
    for folder in (original, copy):
        folder.path.mkdir()
    original.create()
    (copy.path / "instance").write_text(original.instance)
    with pytest.raises(StartError, match=f"is a copy of {original.path}"):
        copy.create()
    original.path.rename(tmp_path / "gone")
    copy.create()  # moved, not copied


def test_the_run_file_is_private_and_believed_while_its_platform_lives(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    write_run_file(folder, {"supervisor": os.getpid(), "env": {"SECRET_KEY": "x"}})
    assert _mode(folder.run_file) == 0o600
    assert read_run_file(folder)["env"] == {"SECRET_KEY": "x"}
    with subprocess.Popen(["true"]) as ended:
        pass
    write_run_file(folder, {"supervisor": ended.pid})
    with pytest.raises(StartError, match=r"Nothing runs on .*watt up.*DATABASE_URL"):
        read_run_file(folder)
    folder.run_file.unlink()
    with pytest.raises(StartError, match="Nothing runs on"):
        read_run_file(folder)
