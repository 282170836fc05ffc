"""A time zone's daylight saving as ESPI's LocalTimeParameters say it: offsets, and one rule for each change.

Source: NAESB REQ.21 (ESPI), TimeConfiguration and DstRuleType. A rule is 32 bits: month (28-31), operator
(25-27: 0 on the day of the month, 2 to 6 the first to fifth weekday of the month, 7 the last), day of the
month (20-24), weekday (17-19, Monday 1), hour (12-16), second of the hour (0-11); wall-clock time before
the change.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

LAST = 7
_YEARS = 6
_NO_RULE = 0


@dataclass(frozen=True, slots=True)
class LocalTime:
    """Offsets in seconds; both rules are 0 in a zone whose clocks do not change."""

    tz_offset: int
    dst_offset: int
    dst_start_rule: int
    dst_end_rule: int


@dataclass(frozen=True, slots=True)
class _Change:
    """A change of the clocks: the wall-clock time before it, and the offsets in seconds."""

    wall: datetime
    before: int
    after: int


def local_time(zone: ZoneInfo, year: int) -> LocalTime:
    """Return the rules in force from a year on.

    A zone with more or fewer than two changes in that year is described by its offset at the start alone.
    """
    changes = _changes(zone, year)
    standard = min((change.before for change in changes), default=_offset(datetime(year, 1, 1, tzinfo=UTC), zone))
    starts = [change for change in changes if change.after > change.before]
    ends = [change for change in changes if change.after < change.before]
    if len(starts) != 1 or len(ends) != 1:
        return LocalTime(_offset(datetime(year, 1, 1, tzinfo=UTC), zone), 0, _NO_RULE, _NO_RULE)
    later = [_changes(zone, year + offset) for offset in range(1, _YEARS)]
    rules = []
    for sign, change in ((1, starts[0]), (-1, ends[0])):
        others = [other for found in later for other in found if (other.after - other.before) * sign > 0]
        rules.append(_rule(change.wall, [other.wall for other in others]))
    return LocalTime(standard, starts[0].after - starts[0].before, *rules)


def _changes(zone: ZoneInfo, year: int) -> list[_Change]:
    found = []
    at = datetime(year, 1, 1, tzinfo=UTC)
    end = datetime(year + 1, 1, 1, tzinfo=UTC)
    while at < end:
        after = at + timedelta(days=1)
        if _offset(at, zone) != _offset(after, zone):
            found.append(_change(at, after, zone))
        at = after
    return found


def _change(low: datetime, high: datetime, zone: ZoneInfo) -> _Change:
    """Return the change between two instants, to the second."""
    before, after = _offset(low, zone), _offset(high, zone)
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=(high - low) // timedelta(seconds=2))
        low, high = (middle, high) if _offset(middle, zone) == before else (low, middle)
    wall = (high + timedelta(seconds=before)).replace(tzinfo=None)
    return _Change(wall, before, after)


def _offset(at: datetime, zone: ZoneInfo) -> int:
    offset = at.astimezone(zone).utcoffset()
    return 0 if offset is None else int(offset.total_seconds())


def _rule(wall: datetime, later: list[datetime]) -> int:
    """Return the rule that this change and all later ones keep; else the day of the month."""
    kept = _operators(wall).intersection(*map(_operators, later))
    same = all(
        (other.month, other.weekday(), other.time()) == (wall.month, wall.weekday(), wall.time()) for other in later
    )
    time = wall.hour << 12 | (wall.minute * 60 + wall.second)
    if same and kept:
        return wall.month << 28 | max(kept) << 25 | wall.isoweekday() << 17 | time
    return wall.month << 28 | wall.day << 20 | time


def _operators(wall: datetime) -> set[int]:
    """Return how a weekday of its month can be said: by its number, and as the last one."""
    number = (wall.day - 1) // 7 + 2
    is_last = (wall + timedelta(days=7)).month != wall.month
    return {number, LAST} if is_last else {number}
