"""Children end with their parent, stop in order, and are killed only when they will not."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from grid.config.servers.processes import StartError, free_port, is_alive, spawn, stop, stop_all, wait_until
from tests.platform.support import ROOT

SPAWNS = """
import signal, sys
from pathlib import Path
from grid.config.servers.processes import spawn
print(spawn(["sleep", "300"], log=Path(sys.argv[1])).pid, flush=True)
signal.pause()
"""
STUBBORN = "import signal as s; s.signal(s.SIGTERM, s.SIG_IGN); print('deaf', flush=True); s.pause()"


def _spawn(tmp_path: Path, *command: str) -> subprocess.Popen[bytes]:
    return spawn(command, log=tmp_path / "log")


def test_a_child_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", SPAWNS, str(tmp_path / "log")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert is_alive(child)
        parent.kill()
    wait_until(lambda: not is_alive(child), what="the child's end", seconds=5)


def test_stop_asks_first(tmp_path: Path) -> None:
    child = _spawn(tmp_path, "sleep", "300")
    assert stop(child)
    assert child.returncode == -signal.SIGTERM


def test_stop_kills_who_does_not_listen(tmp_path: Path) -> None:
    child = _spawn(tmp_path, sys.executable, "-c", STUBBORN)
    wait_until(lambda: "deaf" in (tmp_path / "log").read_text(), what="the child", process=child)
    assert not stop(child, seconds=0.0)
    assert child.returncode == -signal.SIGKILL


def test_stop_takes_the_grandchildren_along(tmp_path: Path) -> None:
    child = _spawn(tmp_path, "sh", "-c", "sleep 300 & echo $!; wait")
    wait_until(lambda: (tmp_path / "log").read_text().strip().isdigit(), what="the child", process=child)
    grandchild = int((tmp_path / "log").read_text())
    stop(child)
    wait_until(lambda: not is_alive(grandchild), what="the grandchild's end", seconds=5)


def test_orphans_are_ended_by_their_number(tmp_path: Path) -> None:
    deaf = _spawn(tmp_path, sys.executable, "-c", STUBBORN)
    wait_until(lambda: "deaf" in (tmp_path / "log").read_text(), what="the child", process=deaf)
    willing = _spawn(tmp_path, "sleep", "300")
    stop_all([deaf.pid, willing.pid], seconds=0.1)
    assert (deaf.wait(), willing.wait()) == (-signal.SIGKILL, -signal.SIGTERM)


def test_waiting_ends_with_the_process_and_shows_its_last_words(tmp_path: Path) -> None:
    child = _spawn(tmp_path, "sh", "-c", "echo no such disk; exit 3")
    with pytest.raises(StartError, match=r"(?s)The part: ended with code 3.*no such disk"):
        wait_until(lambda: False, what="The part", process=child, log=tmp_path / "log")


def test_waiting_has_an_end() -> None:
    with pytest.raises(StartError, match="The part: not ready in 0 s"):
        wait_until(lambda: False, what="The part", seconds=0.0)


def test_a_program_that_is_not_there_is_an_error_at_once(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        _spawn(tmp_path, str(tmp_path / "missing"))


def test_free_ports_are_ports() -> None:
    assert 1_023 < free_port() < 65_536
