"""Substitute values: what a person writes down for slots, with a reason and a signed statement (PROTOCOL §1).

An edit is a next version of each INTERVAL, and one DECISION (override) whose content is the statement: who, in which
role, why, what stood there and what stands there now. The platform signs the statement for the signed-in person.
Raw records and versions before stay as they are; undoing is a next version too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from django.db import transaction

from grid.accounts.models import RoleGrant, User
from grid.domain import vee
from grid.domain.entries import DecisionKind, EntryKind
from grid.domain.plausibility import import_limit_wh
from grid.domain.profile import canonical
from grid.domain.refusals import Refused
from grid.domain.registers import Quality, Reason
from grid.domain.slots import SLOTS_PER_DAY, day_of, month_of_day
from grid.domain.vee import Method
from grid.metering.models import ExceptionState, Interval, IntervalEdit, MeteringPoint, SlotClose, SlotException
from grid.metering.queries.intervals import intervals
from grid.metering.services.claims import require_reason, require_role
from grid.metering.services.derivation import Derived, derive, zone_bindings
from grid.metering.services.recording import Version, record_intervals
from grid.metering.services.vee.validation import history_of
from grid.records import log_key
from grid.records.queries import log_size
from grid.records.services import NewEntry, append

MAX_SLOTS = SLOTS_PER_DAY
"""One edit covers at most a day: a person is to look at what they write."""
FUSE_HEADROOM = 2
Values = Mapping[int, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What the slots have, what they could have, and what the registers say that they have together."""

    before: dict[int, Interval]
    estimate: vee.Estimate | None
    total: tuple[int, int] | None


def suggest(*, point: MeteringPoint, slots: range) -> Suggestion:
    """Return substitute values for closed slots in a row. Raises Refused: edit_range."""
    before = _known(point, slots)
    derived = derive([(point, slots)], zone_bindings(point.zone))
    total = _total(derived, slots)
    history = history_of([point], slots)[point.pk]
    around = {
        row.slot: (row.import_wh, row.export_wh)
        for row in intervals(points=[point.pk], from_slot=slots.start - 1, to_slot=slots.stop + 1)
        if row.quality == Quality.VALID
    }
    neighbours = around.get(slots.start - 1), around.get(slots.stop)
    return Suggestion(before, vee.estimate(slots, history, total=total, neighbours=neighbours), total)


def _total(derived: list[Derived], slots: range) -> tuple[int, int] | None:
    """Return the energy between readings on both sides of the slots, or None where an end is unknown.

    Within a gap that reaches beyond the slots it is their even share of it.
    """
    usable = {Reason.NONE, Reason.GAP, Reason.CLOCK, Reason.EXCHANGE}
    if len(derived) != len(slots) or any(each.energy.reason not in usable for each in derived):
        return None
    return sum(each.energy.import_wh for each in derived), sum(each.energy.export_wh for each in derived)


@transaction.atomic
def edit(*, point: MeteringPoint, values: Values, method: Method, by: User, reason: str, now: datetime) -> IntervalEdit:
    """Write substitute values (Wh, import and export by slot) for closed slots in a row.

    Values of reference days have quality 8, all others 7. Raises Refused: not_allowed, no_reason, edit_range,
    edit_values, edit_same, edit_method.
    """
    if method is Method.UNDO:
        raise Refused("edit_method", "Undoing has no values of its own.")
    if not values:
        raise Refused("edit_range", "Name at least one slot.")
    slots = range(min(values), max(values) + 1)
    if len(values) != len(slots):
        raise Refused("edit_range", "The slots must follow each other without a hole.")
    most = import_limit_wh(point.fuse_w) * FUSE_HEADROOM
    if any(not 0 <= number <= most for pair in values.values() for number in pair):
        raise Refused("edit_values", f"Energy is a whole number of Wh from 0 to {most}, twice what the fuse carries.")
    quality = Quality.REFERENCE if method is Method.REFERENCE_DAY else Quality.EDITED
    require_role(point.zone, by)
    _lock(point)
    after = {
        each.energy.slot: Derived(
            each.point,
            each.binding,
            each.energy._replace(
                import_wh=values[each.energy.slot][0], export_wh=values[each.energy.slot][1], quality=quality
            ),
            each.meter_before,
        )
        for each in derive([(point, slots)], zone_bindings(point.zone))
    }
    return _write(point, slots, after, method, by, reason, now)


@transaction.atomic
def undo(*, point: MeteringPoint, slots: range, by: User, reason: str, now: datetime) -> IntervalEdit:
    """Write what the registers say again. Raises Refused as `edit`."""
    require_role(point.zone, by)
    _lock(point)
    after = {each.energy.slot: each for each in derive([(point, slots)], zone_bindings(point.zone))}
    return _write(point, slots, after, Method.UNDO, by, reason, now)


def _lock(point: MeteringPoint) -> None:
    """Versions of a zone's slots are numbered by one writer at a time."""
    SlotClose.objects.select_for_update().filter(zone=point.zone_id).first()


def _known(point: MeteringPoint, slots: range) -> dict[int, Interval]:
    if not 0 < len(slots) <= MAX_SLOTS:
        raise Refused("edit_range", f"An edit covers 1 to {MAX_SLOTS} slots.")
    known = {row.slot: row for row in intervals(points=[point.pk], from_slot=slots.start, to_slot=slots.stop)}
    if set(known) != set(slots):
        raise Refused("edit_range", "Only closed slots, in which the point was registered, can be edited.")
    return known


def _write(
    point: MeteringPoint,
    slots: range,
    after: dict[int, Derived],
    method: Method,
    by: User,
    reason: str,
    now: datetime,
) -> IntervalEdit:
    text = require_reason(reason)
    before = _known(point, slots)
    changed = [slot for slot in slots if _energy(after[slot]) != _row(before[slot])]
    if not changed:
        raise Refused("edit_same", "These slots have these values already.")
    roles = RoleGrant.objects.filter(user=by, community=point.zone.community_id).values_list("role", flat=True)
    statement = canonical(
        {
            "decision": "edit",
            "point": str(point.pk),
            "method": method.value,
            "by": by.pk,
            "roles": sorted(roles),
            "at": int(now.timestamp()),
            "reason": text,
            "slots": [
                {
                    "slot": slot,
                    "supersedes": before[slot].log_index,
                    "before": list(_row(before[slot])),
                    "after": list(_energy(after[slot])),
                }
                for slot in changed
            ],
        }
    )
    entry = NewEntry(
        kind=EntryKind.DECISION,
        fields={
            "decisionKind": int(DecisionKind.OVERRIDE),
            "zone": point.zone.word,
            "slot": changed[0],
            "version": before[changed[0]].version + 1,
            "value": 0,
            "inputLogSize": log_size(),
            "contentHash": sha256(statement).digest(),
        },
        scope=point.pk,
        period=month_of_day(day_of(changed[0])),
        document=statement,
    )
    (index,) = append(entries=[entry], now=now)
    record_intervals(
        [Version(after[slot], number=before[slot].version + 1, supersedes=before[slot].log_index) for slot in changed],
        now=now,
    )
    # A queue that shows what was edited just now would be looked at again.
    SlotException.objects.filter(
        point=point, state=ExceptionState.OPEN, first_slot__gte=slots.start, last_slot__lt=slots.stop
    ).update(state=ExceptionState.EDITED, reason=text, decided_by=by, decided_at=now)
    return IntervalEdit.objects.create(
        point=point,
        first_slot=changed[0],
        last_slot=changed[-1],
        method=method.value,
        reason=text,
        by=by,
        at=now,
        statement=statement,
        signature=log_key.signer().sign(statement),
        log_index=index,
    )


def _energy(derived: Derived) -> tuple[int, int, int]:
    return derived.energy.import_wh, derived.energy.export_wh, int(derived.energy.quality)


def _row(row: Interval) -> tuple[int, int, int]:
    return row.import_wh, row.export_wh, row.quality
