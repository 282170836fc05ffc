"""The one clock: real, faster, stepped, and never back."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from grid import clock
from grid.config.runtime import DataFolder
from grid.config.supervisor import resume_clock


class RealTime:
    """The wall clock as the test sets it."""

    def __init__(self) -> None:
        self.now = 2_000.0

    def time(self) -> float:
        return self.now


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> RealTime:
    wall = RealTime()
    monkeypatch.setattr(clock, "time", wall)
    return wall


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DataFolder:
    """A data folder whose clock is in force."""
    folder = DataFolder(tmp_path)
    monkeypatch.setenv(clock.ENV, os.fspath(folder.clock))
    return folder


def test_without_a_file_time_is_real(wall: RealTime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(clock.ENV, raising=False)
    assert clock.now() == datetime.fromtimestamp(2_000, UTC)
    assert clock.speed() == 1.0
    assert clock.wall_seconds(30) == 30
    assert not clock.is_simulated()


def test_simulated_time_passes_faster(wall: RealTime, folder: DataFolder) -> None:
    clock.write(folder.clock, speed=60, sim=500)
    wall.now += 10
    assert clock.timestamp() == 1_100
    assert clock.wall_seconds(30) == 0.5
    assert clock.is_simulated()


def test_a_stepped_clock_stands_until_it_is_moved(wall: RealTime, folder: DataFolder) -> None:
    clock.write(folder.clock, speed=0, sim=500)
    wall.now += 10_000
    assert clock.timestamp() == 500
    clock.write(folder.clock, speed=0, sim=900)
    assert clock.timestamp() == 900
    assert clock.wall_seconds(30) > 0


def test_time_goes_on_where_a_killed_platform_was_last_seen(wall: RealTime, folder: DataFolder) -> None:
    clock.write(folder.clock, speed=60, sim=500)
    alive = folder.path / "alive"
    alive.touch()
    os.utime(alive, (2_010, 2_010))
    wall.now += 3_600
    resume_clock(folder, speed=60)
    assert clock.timestamp() == 1_100


def test_time_never_goes_back(wall: RealTime, folder: DataFolder) -> None:
    """The last sign of life may be older than the clock's own setting."""
    alive = folder.path / "alive"
    alive.touch()
    os.utime(alive, (1_000, 1_000))
    clock.write(folder.clock, speed=60, sim=500)
    resume_clock(folder, speed=0)
    assert clock.timestamp() == 500
