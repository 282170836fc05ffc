"""Delivery slots of 15 minutes: half-open, UTC, `slot = unix // 900`, the same number on chain."""

from datetime import UTC, date, datetime, timedelta, tzinfo

SLOT_SECONDS = 900
DAY_SECONDS = 86_400
SLOTS_PER_DAY = 96

_EPOCH_DATE = date(1970, 1, 1)


def slot_of(unix: int) -> int:
    """Return the slot that holds the second `unix`; a slot's start belongs to it, its end does not."""
    return unix // SLOT_SECONDS


def day_of(slot: int) -> int:
    """Return the UTC day (days since 1970-01-01) of a slot."""
    return slot // SLOTS_PER_DAY


def day_of_date(value: date) -> int:
    """Return the number of a UTC calendar day (days since 1970-01-01)."""
    return (value - _EPOCH_DATE).days


def date_of_day(day: int) -> date:
    """Return the UTC calendar date of a day number."""
    return _EPOCH_DATE + timedelta(days=day)


def slots_of_day(day: int) -> range:
    """Return the 96 slots of a UTC day."""
    return range(day * SLOTS_PER_DAY, (day + 1) * SLOTS_PER_DAY)


def slot_start(slot: int) -> datetime:
    """Return the instant at which a slot begins, aware, UTC."""
    return datetime.fromtimestamp(slot * SLOT_SECONDS, tz=UTC)


def month_of_day(day: int) -> date:
    """Return the first day of the UTC month that holds a day: the period of the day's log keys."""
    return date_of_day(day).replace(day=1)


def local_day_slots(value: date, tz: tzinfo) -> range:
    """Return the slots of a local calendar day: 96 of them, 92 or 100 where clocks change by an hour.

    Raises ValueError when the day does not begin and end on slot borders.
    """
    starts = [_local_midnight(day, tz) for day in (value, value + timedelta(days=1))]
    if any(start % SLOT_SECONDS for start in starts):
        raise ValueError(f"{tz}: {value} does not begin or end on a border of 15-minute slots")
    return range(slot_of(starts[0]), slot_of(starts[1]))


def _local_midnight(value: date, tz: tzinfo) -> int:
    """Return the unix second of a local midnight; where it is repeated, the first of the two."""
    local = datetime(value.year, value.month, value.day, tzinfo=tz)
    return int(local.timestamp())
