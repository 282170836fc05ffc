"""What metering does when a point's month is erased: what it still needs it for, and which rows go.

Envelopes stay, sealed under the key that is gone; bindings and meters say nothing about a month's use.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from grid.domain.slots import SLOTS_PER_DAY, day_of_date
from grid.metering.models import Envelope, Interval, MeteringPoint, RegisterBlock, SlotClose
from grid.metering.services.slots import REVISED_DAYS
from grid.records.services.erasure import Needed, register_guard, register_projection


def register() -> None:
    """Take part in erasures."""
    register_guard(_needed)
    register_projection("intervals", _remove_intervals)
    register_projection("registers", _remove_registers)


def _slots(period: date) -> range:
    after = (period + timedelta(days=31)).replace(day=1)
    return range(day_of_date(period) * SLOTS_PER_DAY, day_of_date(after) * SLOTS_PER_DAY)


def _needed(scope: UUID, period: date, now: datetime) -> Iterator[Needed]:
    point = MeteringPoint.objects.filter(id=scope).first()
    if point is None:
        return
    end = _slots(period).stop
    closed = SlotClose.objects.filter(zone=point.zone_id).first()
    if closed is None or closed.next_slot < end:
        yield Needed("the closing of its slots", None)
    revised = datetime.fromtimestamp(end * 900, UTC) + timedelta(days=REVISED_DAYS)
    if now < revised:
        yield Needed("late readings", revised)


def _remove_intervals(scope: UUID, period: date) -> int:
    """Remove the point's intervals; the zone's sums no longer count them, as after a rebuild from the log."""
    slots = _slots(period)
    point = MeteringPoint.objects.filter(id=scope).first()
    if point is None:
        return 0
    rows = Interval.objects.filter(point=point, slot__gte=slots.start, slot__lt=slots.stop)
    return rows._raw_delete(rows.db)


def _remove_registers(scope: UUID, period: date) -> int:
    """Remove the registers of the records that came in under the key, whatever instants they are of."""
    envelopes = Envelope.objects.filter(key_scope=scope, key_period=period)
    rows = RegisterBlock.objects.filter(envelope__in=envelopes)
    return rows._raw_delete(rows.db)
