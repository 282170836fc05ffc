"""Homes read from a CSV file of measured load and PV.

Columns (header names in any order, others are ignored; `.gz` is accepted):
  home or series     which home a row belongs to; without it the file is one home
  time or ds         start of the step; local wall-clock time, or with an offset (then UTC is used)
  load_kwh or y      load in kWh per step
  pv_kwh or pv       PV yield in kWh per step; without it there is no PV
Steps are 60, 30 or 15 minutes, the same throughout one home.

Dates are shifted by whole weeks, so that the last full days of the data fall on the end of the simulated
window with the same weekday; what runs beyond the data begins again, whole weeks earlier. The slots of a
row share its energy evenly, to the Wh. On days when clocks change, the doubled hour repeats its rows and
the skipped one leaves them out.
"""

import csv
import gzip
import io
import math
import zlib
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from grid.domain.slots import SLOTS_PER_DAY, slot_start
from grid.simulator.energy import Home, WattHourArray

COLUMNS = {"home": ("home", "series"), "time": ("time", "ds"), "load": ("load_kwh", "y"), "pv": ("pv_kwh", "pv")}
STEPS = (60, 30, 15)
LEAST_FUSE_W = 17_250  # 3 x 25 A at 230 V
_SLOT = timedelta(minutes=15)
_DAY = timedelta(days=1)


class HomesFileError(ValueError):
    """The file cannot be used; the message names file, row and column, and what to mend."""


@dataclass
class _Rows:
    """The rows of one home as read."""

    start: datetime
    step: timedelta | None = None
    times: int = 0
    load: list[float] = field(default_factory=list)
    pv: list[float] = field(default_factory=list)


class HomesFile:
    """An energy source of measured homes."""

    def __init__(self, path: Path, *, time_zone: str, window_end_slot: int) -> None:
        """Read the file; `window_end_slot` is where the simulated window ends. Raises HomesFileError."""
        series, has_offset = _read(path)
        self._zone: tzinfo = UTC if has_offset else ZoneInfo(time_zone)
        first, days, loads, pvs = _whole_days(path, series)
        self._net = np.stack(loads) - np.stack(pvs)
        self._days = days
        # Only whole weeks repeat, so that a Monday is always followed by a Tuesday.
        self._cycle = days - days % 7 if days >= 7 else days
        last = first + timedelta(days=days - 1)
        end = self._local(window_end_slot - 1).date()
        behind = (end - last).days
        self._shift = -(-behind // 7) * 7
        self._last = last
        self.homes = tuple(
            Home(name=name, fuse_w=_fuse(load, pv), pv_peak_w=_watts(pv))
            for name, load, pv in zip(series, loads, pvs, strict=True)
        )

    def net_wh(self, slots: range) -> WattHourArray:
        """Return load minus PV in Wh, an array of homes times slots."""
        return self._net[:, [self._column(slot) for slot in slots]]

    def data_day(self, day: date) -> date:
        """Return the day of the data that stands for a simulated local day."""
        back = (self._last - (day - timedelta(days=self._shift))).days
        return self._last - timedelta(days=back % self._cycle)

    def _local(self, slot: int) -> datetime:
        return slot_start(slot).astimezone(self._zone)

    def _column(self, slot: int) -> int:
        local = self._local(slot)
        back = (self._last - self.data_day(local.date())).days
        return (self._days - 1 - back) * SLOTS_PER_DAY + (local.hour * 60 + local.minute) // 15


def _read(path: Path) -> tuple[dict[str, _Rows], bool]:
    """Return the rows of every home in order of appearance, and whether times carry an offset."""
    series: dict[str, _Rows] = {}
    aware: bool | None = None
    try:
        with _open(path) as file:
            lines = csv.reader(file)
            columns = _columns(path, next(lines, []))
            for row, cells in enumerate(lines, start=2):
                if not cells:
                    continue
                name = _cell(path, row, cells, columns["home"]) if "home" in columns else path.name.split(".")[0]
                time = _time(path, row, cells, columns["time"])
                if aware is None:
                    aware = time.tzinfo is not None
                elif aware is not (time.tzinfo is not None):
                    raise _error(path, row, columns["time"], "only some rows have an offset", "Use one form")
                load = _energy(path, row, cells, columns["load"])
                pv = _energy(path, row, cells, columns["pv"]) if "pv" in columns else 0.0
                _append(path, row, columns["time"], series, name, time.astimezone(UTC) if aware else time, load, pv)
    except (csv.Error, UnicodeDecodeError, EOFError, OSError, zlib.error) as error:
        raise HomesFileError(f"{path}: cannot be read as CSV text ({error}). Save it as UTF-8 CSV.") from None
    if not series:
        raise HomesFileError(f"{path}: has no rows below its header. Add a row per home and step.")
    return series, bool(aware)


def _open(path: Path) -> io.TextIOBase:
    try:
        with open(path, "rb") as file:
            zipped = file.read(2) == b"\x1f\x8b"
    except OSError as error:
        raise HomesFileError(f"{path}: cannot be opened ({error.strerror}). Name a readable file.") from None
    binary = gzip.open(path, "rb") if zipped else open(path, "rb")  # noqa: SIM115
    return io.TextIOWrapper(binary, encoding="utf-8-sig", newline="")


@dataclass(frozen=True)
class _Column:
    name: str
    position: int


def _columns(path: Path, header: list[str]) -> dict[str, _Column]:
    """Return which column of the header holds what."""
    names = [name.strip().lower() for name in header]
    found = {
        what: _Column(name, names.index(name)) for what, known in COLUMNS.items() for name in known if name in names
    }
    for what in ("time", "load"):
        if what not in found:
            raise HomesFileError(
                f"{path}: row 1: no column {' or '.join(COLUMNS[what])} (the header is {', '.join(header) or 'empty'})."
                " Name the columns home,time,load_kwh,pv_kwh."
            )
    return found


def _error(path: Path, row: int, column: _Column, what: str, remedy: str) -> HomesFileError:
    return HomesFileError(f"{path}: row {row}, column {column.name}: {what}. {remedy}.")


def _cell(path: Path, row: int, cells: list[str], column: _Column) -> str:
    if column.position >= len(cells) or not cells[column.position].strip():
        raise _error(path, row, column, "is empty", "Fill it in, or take the row out with its whole day")
    return cells[column.position].strip()


def _time(path: Path, row: int, cells: list[str], column: _Column) -> datetime:
    text = _cell(path, row, cells, column)
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise _error(path, row, column, f"{text[:40]!r} is not a time", "Write 2026-07-01 13:00:00") from None


def _energy(path: Path, row: int, cells: list[str], column: _Column) -> float:
    text = _cell(path, row, cells, column)
    try:
        value = float(text)
    except ValueError:
        raise _error(path, row, column, f"{text[:40]!r} is not a number", "Write kWh per step like 0.851") from None
    if not math.isfinite(value):
        raise _error(path, row, column, f"{text} is no energy", "Fill the gap, or take the whole day out")
    if value < 0:
        raise _error(path, row, column, f"{text} is negative", "Load and PV are both positive; PV has its own column")
    return value


def _append(
    path: Path, row: int, column: _Column, series: dict[str, _Rows], name: str, time: datetime, load: float, pv: float
) -> None:
    """Add a row to its home. Time must go on in equal steps."""
    rows = series.get(name)
    if rows is None:
        rows = series[name] = _Rows(start=time)
        if time.minute % 15 or time.second or time.microsecond:
            raise _error(path, row, column, f"{time} is not on a quarter-hour", "Begin steps at :00, :15, :30 or :45")
    elif rows.step is None:
        rows.step = time - rows.start
        if rows.step not in [timedelta(minutes=minutes) for minutes in STEPS]:
            shown = f"{rows.step.total_seconds() / 60:g} minutes after the row before of {name}"
            raise _error(path, row, column, f"is {shown}", "Sort rows by time; steps are 60, 30 or 15 minutes")
    elif time != rows.start + rows.step * rows.times:
        expected = rows.start + rows.step * rows.times
        what = "goes back or repeats" if time < expected else "leaves a gap"
        raise _error(path, row, column, f"{time} {what}, {expected} is due for {name}", "Sort rows, one per step")
    rows.times += 1
    rows.load.append(load)
    rows.pv.append(pv)


def _whole_days(path: Path, series: dict[str, _Rows]) -> tuple[date, int, list[WattHourArray], list[WattHourArray]]:
    """Return first day, number of days, loads and PV per slot: the days that all homes have in full."""
    spans = []
    for name, rows in series.items():
        if rows.step is None:
            raise HomesFileError(f"{path}: home {name} has a single row. Give at least one full day.")
        skipped, misaligned = divmod((_midnight(rows.start) - rows.start) % _DAY, rows.step)
        if misaligned:
            raise HomesFileError(f"{path}: no step of home {name} begins at midnight. Begin steps on the hour.")
        first = (rows.start + rows.step * skipped).date()
        spans.append((first, first + timedelta(days=(rows.times - skipped) // (_DAY // rows.step))))
    first, end = max(span[0] for span in spans), min(span[1] for span in spans)
    if first >= end:
        raise HomesFileError(f"{path}: no full day that all homes have. Give at least one full day for all.")
    days = (end - first).days
    loads = [_slots(rows, rows.load, first, days) for rows in series.values()]
    return first, days, loads, [_slots(rows, rows.pv, first, days) for rows in series.values()]


def _midnight(time: datetime) -> datetime:
    return time.replace(hour=0, minute=0, second=0, microsecond=0)


def _slots(rows: _Rows, kwh: list[float], first: date, days: int) -> WattHourArray:
    """Return Wh per slot of some days. Totals are rounded, never single values, so that none is lost."""
    step = rows.step or _SLOT
    begin = int((datetime.combine(first, datetime.min.time(), rows.start.tzinfo) - rows.start) / step)
    count = days * (_DAY // step)
    per_row = step // _SLOT
    border = np.concatenate([[0.0], np.cumsum(kwh[begin : begin + count])]) * 1000
    total = np.floor(border + 0.5).astype(np.int64)
    energy = np.diff(total)[:, None]
    share = np.arange(per_row + 1, dtype=np.int64)[None, :]
    return np.diff(energy * share // per_row, axis=1).reshape(-1)


def _watts(wh_per_slot: WattHourArray) -> int:
    """Return the power of the fullest slot in W, a tenth added, rounded up to 100 W; 0 without any."""
    peak = int(wh_per_slot.max()) * 4
    return -(-peak * 11 // 1000) * 100


def _fuse(load: WattHourArray, pv: WattHourArray) -> int:
    return max(LEAST_FUSE_W, _watts(np.maximum(load, pv)))
