"""Homes from CSV: energy kept to the Wh, weekdays kept, mistakes named by file, row and column."""

import gzip
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from grid.simulator.homes import HomesFile, HomesFileError

WINDOW_END = int(datetime(2026, 11, 22, tzinfo=UTC).timestamp()) // 900


def write(path: Path, days: int = 9, step: int = 60, header: str = "series,ds,y,pv", homes: int = 2) -> Path:
    lines = [header]
    for home in range(homes):
        for index in range(days * 1440 // step):
            time = datetime(2017, 3, 1) + timedelta(minutes=step * index)  # noqa: DTZ001 local wall-clock
            lines.append(f"h{home},{time},{0.1 + 0.001 * (index % 97) + home},{0.05 * (index % 24)}")
    path.write_text("\n".join(lines) + "\n")
    return path


def open_homes(path: Path, time_zone: str = "UTC") -> HomesFile:
    return HomesFile(path, time_zone=time_zone, window_end_slot=WINDOW_END)


@pytest.mark.parametrize("step", [60, 30, 15])
def test_rows_are_spread_over_the_slots_to_the_wh(tmp_path: Path, step: int) -> None:
    homes = open_homes(write(tmp_path / "homes.csv", days=7, step=step))

    net = homes.net_wh(range(WINDOW_END - 7 * 96, WINDOW_END))

    rows = np.array([0.1 + 0.001 * (i % 97) - 0.05 * (i % 24) for i in range(7 * 1440 // step)])
    assert abs(net[0].sum() - rows.sum() * 1000) <= 2
    per_row = net[0].reshape(-1, step // 15)
    assert (per_row.max(axis=1) - per_row.min(axis=1)).max() <= 2


def test_last_full_days_meet_the_window_on_the_same_weekday(tmp_path: Path) -> None:
    homes = open_homes(write(tmp_path / "homes.csv", days=15))  # 1 to 15 March 2017, Wednesday to Wednesday

    for day in (date(2026, 11, 21), date(2026, 11, 17), date(2026, 10, 1), date(2026, 12, 5)):
        assert homes.data_day(day).weekday() == day.weekday()
        assert date(2017, 3, 2) <= homes.data_day(day) <= date(2017, 3, 15)
    assert homes.data_day(date(2026, 11, 21)) == date(2017, 3, 11)  # the last Saturday of the data
    assert homes.data_day(date(2026, 11, 20)) == date(2017, 3, 10)


def test_times_are_local_to_the_place(tmp_path: Path) -> None:
    path = write(tmp_path / "homes.csv")
    utc, berlin = open_homes(path), open_homes(path, "Europe/Berlin")

    assert (
        berlin.net_wh(range(WINDOW_END - 100, WINDOW_END - 4)) == utc.net_wh(range(WINDOW_END - 96, WINDOW_END))
    ).all()


def test_times_with_an_offset_are_read_as_utc(tmp_path: Path) -> None:
    path = write(tmp_path / "homes.csv")
    aware = tmp_path / "aware.csv"
    aware.write_text(path.read_text().replace(":00:00,", ":00:00+00:00,"))

    slots = range(WINDOW_END - 96, WINDOW_END)
    assert (open_homes(aware, "America/Los_Angeles").net_wh(slots) == open_homes(path).net_wh(slots)).all()


def test_day_when_clocks_change_keeps_wall_clock_time(tmp_path: Path) -> None:
    homes = open_homes(write(tmp_path / "homes.csv"), "Europe/Berlin")
    midnight = int(datetime(2026, 10, 24, 22, tzinfo=UTC).timestamp()) // 900

    net = homes.net_wh(range(midnight, midnight + 100))

    assert (net[:, 8:12] == net[:, 12:16]).all()  # 2:00 to 3:00 comes twice


def test_other_header_and_gzip_and_absent_columns_are_understood(tmp_path: Path) -> None:
    plain = write(tmp_path / "homes.csv", homes=1)
    packed = tmp_path / "packed.csv.gz"
    text = plain.read_text().replace("series,ds,y,pv", "home,time,load_kwh,pv_kwh")
    packed.write_bytes(gzip.compress(text.encode()))
    bare = tmp_path / "bare.csv"
    bare.write_text("\n".join(",".join(line.split(",")[1:3]) for line in plain.read_text().splitlines()))

    slots = range(WINDOW_END - 96, WINDOW_END)
    assert (open_homes(packed).net_wh(slots) == open_homes(plain).net_wh(slots)).all()
    assert open_homes(bare).homes[0].name == "bare"
    assert open_homes(bare).homes[0].pv_peak_w == 0


def test_connection_is_large_enough_for_the_data(tmp_path: Path) -> None:
    path = write(tmp_path / "homes.csv", homes=30)

    for home, net in zip(
        open_homes(path).homes, open_homes(path).net_wh(range(WINDOW_END - 672, WINDOW_END)), strict=True
    ):
        assert np.abs(net).max() * 4 <= home.fuse_w


@pytest.mark.parametrize(
    ("row", "line", "named"),
    [
        (1, "series,ds,pv", "row 1: no column load_kwh or y"),
        (1, "series,y,pv", "row 1: no column time or ds"),
        (4, "h0,2017-03-01 02:00:00,nan,0", "row 4, column y: nan is no energy"),
        (4, "h0,2017-03-01 02:00:00,inf,0", "row 4, column y: inf is no energy"),
        (4, "h0,2017-03-01 02:00:00,-0.1,0", "row 4, column y: -0.1 is negative"),
        (4, "h0,2017-03-01 02:00:00,0.1,-1", "row 4, column pv: -1 is negative"),
        (4, "h0,2017-03-01 02:00:00,much,0", "row 4, column y: 'much' is not a number"),
        (4, "h0,2017-03-01 02:00:00,,0", "row 4, column y: is empty"),
        (4, "h0,2017-03-01 02:00:00,1", "row 4, column pv: is empty"),
        (4, "h0,yesterday,0.1,0", "row 4, column ds: 'yesterday' is not a time"),
        (4, "h0,2017-03-01 00:00:00,0.1,0", "row 4, column ds: 2017-03-01 00:00:00 goes back or repeats"),
        (4, "h0,2017-03-01 05:00:00,0.1,0", "row 4, column ds: 2017-03-01 05:00:00 leaves a gap"),
        (3, "h0,2017-03-01 00:07:00,0.1,0", "row 3, column ds: is 7 minutes after"),
        (4, "h0,2017-03-01 02:00:00+01:00,0.1,0", "row 4, column ds: only some rows have an offset"),
        (2, "h0,2017-03-01 00:01:00,0.1,0", "row 2, column ds: 2017-03-01 00:01:00 is not on a quarter-hour"),
    ],
)
def test_mistake_is_named_by_file_row_and_column(tmp_path: Path, row: int, line: str, named: str) -> None:
    path = write(tmp_path / "homes.csv")
    lines = path.read_text().splitlines()
    lines[row - 1] = line
    path.write_text("\n".join(lines))

    with pytest.raises(HomesFileError) as caught:
        open_homes(path)

    assert str(caught.value).startswith(f"{path}: {named}")


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"", "row 1: no column"),
        (b"series,ds,y\n", "has no rows"),
        (b"series,ds,y\na,2017-03-01 00:00:00,1\n", "single row"),
        (b"series,ds,y\na,2017-03-01 00:00:00,1\na,2017-03-01 01:00:00,1\n", "no full day"),
        (b"\x1f\x8bnot really gzip", "cannot be read"),
        (b"series,ds,y\n\xff\xfe\n", "cannot be read"),
    ],
)
def test_file_without_usable_days_says_so(tmp_path: Path, content: bytes, named: str) -> None:
    path = tmp_path / "homes.csv"
    path.write_bytes(content)

    with pytest.raises(HomesFileError, match=named):
        open_homes(path)


def test_absent_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(HomesFileError, match="cannot be opened"):
        open_homes(tmp_path / "nowhere.csv")
