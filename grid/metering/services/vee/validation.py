"""The queue of exceptions: every closed day is held against the rules once, and what late readings cure is cleared."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from grid.accounts.models import User, Zone
from grid.domain import vee
from grid.domain.refusals import Refused
from grid.domain.registers import Quality, Reason
from grid.domain.slots import SLOT_SECONDS, SLOTS_PER_DAY, day_of
from grid.metering.models import ExceptionState, MeteringPoint, PointKind, SlotClose, SlotException, VeeProgress
from grid.metering.queries.intervals import intervals, zone_points
from grid.metering.queries.registers import delays
from grid.metering.services.claims import require_reason, require_role
from grid.metering.services.derivation import derive, zone_bindings

POINTS_AT_A_TIME = 200
CURED_BY_READINGS = (vee.Rule.MISSING, vee.Rule.REGISTER_FELL, vee.Rule.LONG_GAP, vee.Rule.CLOCK)
CLEARED_DAYS = 60
"""How old an exception may be to be cleared by late readings; then a person decides."""


def site_of(point: MeteringPoint) -> vee.Site:
    """Return what a point can carry and where it is."""
    return vee.Site(
        fuse_w=point.fuse_w,
        pv_peak_w=point.pv_peak_w,
        latitude=point.zone.latitude,
        longitude=point.zone.longitude,
        feeder=point.kind == PointKind.FEEDER,
    )


def history_of(points: Sequence[MeteringPoint], slots: range) -> dict[UUID, vee.History]:
    """Return what the same slots of reference days had, measured values only."""
    names = {point.number: point.pk for point in points}
    found: dict[UUID, dict[int, list[tuple[int, int]]]] = {point.pk: defaultdict(list) for point in points}
    for back in vee.REFERENCE_SHIFTS:
        rows = intervals(points=list(found), from_slot=slots.start - back, to_slot=slots.stop - back)
        for row in rows:
            if row.quality == Quality.VALID:
                found[names[row.point_id]][row.slot + back].append((row.import_wh, row.export_wh))
    return {point: dict(values) for point, values in found.items()}


def validate_due(*, zone: Zone, now: datetime) -> int:
    """Validate whole UTC days that were closed since the last time; return how many exceptions were raised.

    The first time it begins with the last closed day. Safe to repeat: an exception is raised once.
    """
    with transaction.atomic():
        closed = SlotClose.objects.filter(zone=zone).first()
        if closed is None:
            return 0
        last = closed.next_slot // SLOTS_PER_DAY
        start = {"next_slot": (last - 1) * SLOTS_PER_DAY}
        VeeProgress.objects.get_or_create(zone=zone, defaults=start)
        progress = VeeProgress.objects.select_for_update().get(zone=zone)
        raised = 0
        for day in range(progress.next_slot // SLOTS_PER_DAY, last):
            slots = range(day * SLOTS_PER_DAY, (day + 1) * SLOTS_PER_DAY)
            raised += validate_slots(zone=zone, slots=slots, now=now)
            progress.next_slot = slots.stop
            progress.save(update_fields=["next_slot"])
        clear(zone=zone, now=now)
        return raised


def validate_slots(*, zone: Zone, slots: range, now: datetime) -> int:
    """Hold the newest versions of some slots against the rules; return how many exceptions are new."""
    points = list(zone_points(zone).select_related("zone"))
    raised = 0
    for start in range(0, len(points), POINTS_AT_A_TIME):
        some = points[start : start + POINTS_AT_A_TIME]
        metered = _metered(zone, some, slots)
        history = history_of(some, slots)
        rows = [
            SlotException(
                point=point,
                rule=finding.rule.value,
                first_slot=finding.first_slot,
                last_slot=finding.last_slot,
                found=finding.found[:200],
                raised_at=now,
            )
            for point in some
            for part in _parts(metered.get(point.pk, []))
            for finding in vee.validate(part, site_of(point), history[point.pk])
        ]
        rows += _clocks(zone, some, slots, now)
        before = SlotException.objects.count()
        SlotException.objects.bulk_create(rows, ignore_conflicts=True)
        raised += SlotException.objects.count() - before
    return raised


def _clocks(zone: Zone, points: Sequence[MeteringPoint], slots: range, now: datetime) -> list[SlotException]:
    """Return an exception over all the slots for each point whose meter's clock seems to be behind."""
    book, day = zone_bindings(zone), day_of(slots.start)
    bound = {point: binding for point in points if (binding := book.of_point(point.pk, day)) is not None}
    found = delays(
        [binding.meter_id for binding in bound.values()], last=slots.stop * SLOT_SECONDS, limit=vee.CLOCK_RECORDS
    )
    return [
        SlotException(
            point=point,
            rule=vee.Rule.CLOCK_BEHIND.value,
            first_slot=slots.start,
            last_slot=slots.stop - 1,
            found=f"every record comes {behind} s or more after its time, and always by as much",
            raised_at=now,
        )
        for point, binding in bound.items()
        if (behind := vee.clock_behind(found.get(binding.meter_id, ()))) is not None
    ]


def _metered(zone: Zone, points: Sequence[MeteringPoint], slots: range) -> dict[UUID, list[vee.Metered]]:
    """Return the slots as they stand, with the reason where one is not valid."""
    names = {point.number: point.pk for point in points}
    rows = list(intervals(points=list(names.values()), from_slot=slots.start, to_slot=slots.stop))
    doubtful = {row.point_id for row in rows if row.quality in (Quality.MISSING, Quality.ESTIMATED)}
    wanted = [(point, slots) for point in points if point.number in doubtful]
    reasons: dict[tuple[UUID, int], Reason] = {}
    if wanted:
        for derived in derive(wanted, zone_bindings(zone)):
            reasons[derived.point.pk, derived.energy.slot] = derived.energy.reason
    found: dict[UUID, list[vee.Metered]] = defaultdict(list)
    for row in rows:
        point = names[row.point_id]
        reason = reasons.get((point, row.slot), Reason.NONE)
        found[point].append(vee.Metered(row.slot, row.import_wh, row.export_wh, row.quality, reason))
    return found


def _parts(slots: list[vee.Metered]) -> list[list[vee.Metered]]:
    """Return the slots in runs without holes: a point may have been registered within the day."""
    runs: list[list[vee.Metered]] = []
    for metered in slots:
        if runs and runs[-1][-1].slot + 1 == metered.slot:
            runs[-1].append(metered)
        else:
            runs.append([metered])
    return runs


# What was cured has a later version of its first slot: that is looked up first, since most have none.
_CURED = """
    UPDATE metering_slotexception x SET state = %(cleared)s, decided_at = %(now)s
    FROM metering_meteringpoint p
    WHERE p.id = x.point_id AND p.zone_id = %(zone)s AND x.state = %(open)s AND x.rule = ANY(%(rules)s)
      AND x.first_slot >= %(oldest)s
      AND EXISTS (
          SELECT 1 FROM metering_interval i
          WHERE i.slot = x.first_slot AND i.point_id = p.number AND i.version > 0)
      AND NOT EXISTS (
          SELECT 1 FROM (
              SELECT DISTINCT ON (i.slot) i.quality FROM metering_interval i
              WHERE i.slot BETWEEN x.first_slot AND x.last_slot AND i.point_id = p.number
              ORDER BY i.slot, i.version DESC) newest
          WHERE newest.quality <> %(valid)s)
"""


def clear(*, zone: Zone, now: datetime) -> int:
    """Close open exceptions whose slots are all valid by now; return how many."""
    parameters: dict[str, Any] = {
        "cleared": ExceptionState.CLEARED.value,
        "open": ExceptionState.OPEN.value,
        "now": now,
        "zone": zone.pk,
        "rules": [rule.value for rule in CURED_BY_READINGS],
        "oldest": int(now.timestamp()) // SLOT_SECONDS - CLEARED_DAYS * SLOTS_PER_DAY,
        "valid": int(Quality.VALID),
    }
    with connection.cursor() as cursor:
        cursor.execute(_CURED, parameters)
        return int(cursor.rowcount)


@transaction.atomic
def accept(*, exception: SlotException, by: User, reason: str, now: datetime) -> SlotException:
    """Leave the slots as they are, and say why. Raises Refused: not_allowed, no_reason, decided."""
    require_role(exception.point.zone, by)
    text = require_reason(reason)
    row = SlotException.objects.select_for_update(of=("self",)).get(pk=exception.pk)
    if row.state == ExceptionState.ACCEPTED:
        return row
    if row.state != ExceptionState.OPEN:
        raise Refused("decided", f"This exception is {row.get_state_display().lower()} already.")
    row.state, row.reason, row.decided_by, row.decided_at = ExceptionState.ACCEPTED, text, by, now
    row.save(update_fields=["state", "reason", "decided_by", "decided_at"])
    return row
