"""A part that dies is started again: at once at first, then after growing pauses."""

import sys
from pathlib import Path

import pytest

from grid.config import parts
from grid.config.parts import LONGEST_PAUSE, STABLE_AFTER, Part
from tests.platform.support import Wall


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Wall:
    wall = Wall()
    monkeypatch.setattr(parts, "time", wall)
    return wall


def _part(tmp_path: Path) -> Part:
    return Part("part", [sys.executable, "-c", ""], {}, tmp_path / "log")


def _die(part: Part) -> float:
    part.start()
    assert part.process is not None
    part.process.wait()
    assert part.ended
    return part.plan_restart()


def test_pauses_grow_up_to_a_limit(tmp_path: Path, wall: Wall) -> None:
    part = _part(tmp_path)
    pauses = [_die(part) for _ in range(10)]
    assert pauses == [0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]
    assert part.next_start == wall.now + LONGEST_PAUSE
    assert part.process is None


def test_a_stable_minute_is_a_clean_slate(tmp_path: Path, wall: Wall) -> None:
    part = _part(tmp_path)
    for _ in range(5):
        _die(part)
    part.start()
    assert part.process is not None
    part.process.wait()
    wall.sleep(STABLE_AFTER + 1)
    assert part.plan_restart() == 0.0
    assert part.failures == 0


@pytest.mark.parametrize(
    ("host", "address"),
    [("0.0.0.0", "127.0.0.1"), ("127.0.0.1", "127.0.0.1"), ("::", "[::1]"), ("192.0.2.7", "192.0.2.7")],
)
def test_readiness_is_asked_where_the_server_listens(
    host: str, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def urlopen(url: str, timeout: float) -> None:
        asked.append(url)
        raise OSError

    monkeypatch.setattr(parts.urllib.request, "urlopen", urlopen)
    for part in (
        parts.web(env={}, log=tmp_path, host=host, port=81),
        parts.live(env={}, log=tmp_path, host=host, port=81),
    ):
        assert part.ready is not None
        assert not part.ready()
    assert asked == [f"http://{address}:81/healthz"] * 2
