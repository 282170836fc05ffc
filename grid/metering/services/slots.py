"""Closing slots: one INTERVAL for every registered point and slot, missing ones included."""

from collections.abc import Iterable
from datetime import datetime
from itertools import groupby
from uuid import UUID

from django.db import connection, transaction

from grid.accounts.models import Zone
from grid.domain.registers import Quality
from grid.domain.slots import SLOT_SECONDS, SLOTS_PER_DAY
from grid.metering.models import SlotClose
from grid.metering.queries.intervals import zone_points
from grid.metering.services.derivation import Derived, derive, zone_bindings
from grid.metering.services.recording import Version, record_intervals
from grid.metering.services.vee.validation import validate_due

GRACE_SECONDS = 600
"""How long after a slot's end its readings are waited for."""
BATCH_INTERVALS = 6000
"""Intervals per transaction: the log is locked for about half a second."""
REVISED_DAYS = 7
"""How far back a sweep looks for slots that late readings can better."""


def close_due(*, zone: Zone, now: datetime) -> int:
    """Close what is due, better what late readings allow, and validate; return how many intervals were written."""
    written = close_slots(zone=zone, now=now) + revise_slots(zone=zone, now=now)
    if written:
        validate_due(zone=zone, now=now)
    return written


def close_slots(*, zone: Zone, now: datetime, grace_seconds: int = GRACE_SECONDS) -> int:
    """Write the INTERVALs of all slots that ended at least `grace_seconds` ago; return how many.

    Progress is kept per zone, so that a sweep that was killed is continued by the next.
    """
    due = (int(now.timestamp()) - grace_seconds) // SLOT_SECONDS
    written = 0
    while (count := _close_batch(zone, due, now)) is not None:
        written += count
    return written


def _close_batch(zone: Zone, due: int, now: datetime) -> int | None:
    """Close the next slots before `due` in one transaction; None when there are none."""
    with transaction.atomic():
        book = zone_bindings(zone)
        first_day = book.first_day()
        if first_day is None:
            return None
        SlotClose.objects.get_or_create(zone=zone, defaults={"next_slot": first_day * SLOTS_PER_DAY})
        progress = SlotClose.objects.select_for_update().get(zone=zone)
        if progress.next_slot >= due:
            return None
        points = list(zone_points(zone))
        batch = max(1, BATCH_INTERVALS // len(points))
        slots = range(progress.next_slot, min(due, progress.next_slot + batch))
        # In the order of time: the log reads like what happened.
        derived = sorted(derive([(point, slots) for point in points], book), key=lambda d: d.energy.slot)
        record_intervals([Version(each) for each in derived], now=now)
        progress.next_slot = slots.stop
        progress.save(update_fields=["next_slot"])
        return len(derived)


_BETTERABLE = """
    SELECT p.id, i.slot, i.version, i.quality, i.import_wh, i.export_wh, i.log_index
    FROM metering_interval i JOIN metering_meteringpoint p ON p.number = i.point_id
    WHERE p.zone_id = %(zone)s AND i.slot >= %(first)s AND i.quality <> %(valid)s
      AND NOT EXISTS (
          SELECT 1 FROM metering_interval n
          WHERE n.point_id = i.point_id AND n.slot = i.slot AND n.version > i.version)
      AND EXISTS (
          SELECT 1 FROM metering_binding b JOIN metering_meter m ON m.id = b.meter_id
          WHERE b.point_id = p.id AND m.last_seen_at > i.known_at)
    ORDER BY p.id, i.slot
"""


def revise_slots(*, zone: Zone, now: datetime, days: int = REVISED_DAYS) -> int:
    """Write a next version of closed slots that late readings make better; return how many.

    Better is MISSING that becomes ESTIMATED or VALID, ESTIMATED that becomes VALID, and an estimate whose
    energy changed because a reading inside its gap came in. The version before stays as it was.
    """
    first = (int(now.timestamp()) // SLOT_SECONDS) - days * SLOTS_PER_DAY
    with transaction.atomic():
        # The same lock as closing: versions of one slot are numbered by one writer at a time.
        if not SlotClose.objects.select_for_update().filter(zone=zone).exists():
            return 0
        with connection.cursor() as cursor:
            cursor.execute(_BETTERABLE, {"zone": zone.pk, "first": first, "valid": int(Quality.VALID)})
            known = {(row[0], row[1]): row[2:] for row in cursor.fetchall()}
        if not known:
            return 0
        points = {point.pk: point for point in zone_points(zone)}
        wanted = [(points[point], slots) for point, slots in _ranges(known)]
        versions = []
        for derived in derive(wanted, zone_bindings(zone)):
            before = known.get((derived.point.pk, derived.energy.slot))
            if before and _is_better(derived, quality=before[1], import_wh=before[2], export_wh=before[3]):
                versions.append(Version(derived, number=before[0] + 1, supersedes=before[4]))
        versions.sort(key=lambda version: version.derived.energy.slot)
        if versions:
            record_intervals(versions, now=now)
        return len(versions)


def _ranges(known: Iterable[tuple[UUID, int]]) -> Iterable[tuple[UUID, range]]:
    """Yield (point, slots) from its first to its last slot that may be bettered."""
    for point, slots in groupby(known, key=lambda key: key[0]):
        numbers = [slot for _, slot in slots]
        yield point, range(numbers[0], numbers[-1] + 1)


# What a person wrote down is overruled by a person only, a value of reference days also by a measured one.
_RANK = {Quality.VALID: 0, Quality.EDITED: 0, Quality.REFERENCE: 1, Quality.ESTIMATED: 2, Quality.MISSING: 3}


def _is_better(derived: Derived, *, quality: int, import_wh: int, export_wh: int) -> bool:
    energy = derived.energy
    now, before = _RANK[energy.quality], _RANK[Quality(quality)]
    changed = (energy.import_wh, energy.export_wh) != (import_wh, export_wh)
    return now < before or (now == before == _RANK[Quality.ESTIMATED] and changed)
