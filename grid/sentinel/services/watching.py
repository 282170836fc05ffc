"""Watching a zone: every newly closed slot and every new record, once; flags and holds are DECISION entries."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count, F, Max

from grid.accounts.models import Zone
from grid.domain.entries import DecisionKind, EntryKind
from grid.domain.profile import Profile, canonical
from grid.domain.slots import DAY_SECONDS, SLOTS_PER_DAY, day_of, month_of_day
from grid.metering.models import Envelope, PointKind, SlotClose
from grid.pricing.queries import profile_on
from grid.records.queries import log_size
from grid.records.services import NewEntry, append_with
from grid.sentinel.models import Flag, Hold, WatchCursor
from grid.sentinel.queries.findings import Finding, Watch

# A week of slots at a time keeps a first look over a long history small.
CHUNK = 7 * SLOTS_PER_DAY

# Records are numbered before they are committed: one may appear after others with higher numbers.
RECORDS_AGAIN = 500


@dataclass(frozen=True, slots=True)
class _NewHold:
    finding: int
    slot: int


def watch(*, zone: Zone, now: datetime) -> int:
    """Look at what is new since the last look, late readings included, and return the number of flags raised.

    A flag on a member's point holds the slots whose energy cannot be relied on, so that they settle as
    residual supply until somebody looks or the hold ends by itself: at most `holds_per_day` a zone and
    day of delivery, none on days too old to be settled. A zone out of balance accuses nobody: it is flagged,
    and holds nothing unless a point is flagged by itself. A repeat finds nothing new.
    """
    with transaction.atomic():
        Zone.objects.select_for_update(no_key=True).get(pk=zone.pk)
        cursor, _ = WatchCursor.objects.get_or_create(zone=zone)
        closed = SlotClose.objects.filter(zone=zone).first()
        after = closed.next_slot if closed else cursor.next_slot
        last_envelope = Envelope.objects.aggregate(last=Max("id"))["last"] or 0
        if (after, last_envelope, log_size()) == (cursor.next_slot, cursor.last_envelope, cursor.log_size):
            return 0
        rules = profile_on(zone.community, int(now.timestamp()) // DAY_SECONDS)
        findings = _findings(zone, rules, cursor, after, last_envelope)
        raised = _record(zone, rules, _unknown(zone, findings), now)
        cursor.next_slot, cursor.last_envelope, cursor.log_size = after, last_envelope, log_size()
        cursor.save()
        return raised


def _findings(zone: Zone, rules: Profile, cursor: WatchCursor, after: int, last_envelope: int) -> list[Finding]:
    """Return what the rules find, by slot."""
    eyes = Watch(zone, rules.limits)
    findings = list(eyes.records(cursor.last_envelope - RECORDS_AGAIN, last_envelope))
    first = eyes.first_revised(cursor.next_slot, cursor.log_size) if cursor.next_slot else eyes.first_slot(after)
    for start in range(first, after, CHUNK):
        end = min(start + CHUNK, after)
        findings += eyes.fallen_registers(start, end)
        findings += eyes.over_capacity(start, end)
        findings += eyes.out_of_balance(start, end)
    return sorted(findings, key=lambda item: (item.slot, item.rule, str(item.point and item.point.pk)))


def _unknown(zone: Zone, findings: list[Finding]) -> list[Finding]:
    """Leave out what is flagged already, and repeats."""
    slots = {item.slot for item in findings}
    seen: set[tuple[UUID | None, str, int]] = set()
    seen.update(Flag.objects.filter(zone=zone, slot__in=slots).values_list("point_id", "rule", "slot"))
    new = []
    for item in findings:
        key = (item.point.pk if item.point else None, str(item.rule), item.slot)
        if key not in seen:
            seen.add(key)
            new.append(item)
    return new


def _record(zone: Zone, rules: Profile, findings: list[Finding], now: datetime) -> int:
    """Write flags and holds, each with its DECISION entry."""
    if not findings:
        return 0
    holds = _holds(zone, rules, findings, now)
    ends_at = now + timedelta(days=rules.windows.hold_days)

    def build(first: int) -> list[NewEntry]:
        flags = [_flag_entry(zone, item, first) for item in findings]
        return flags + [_hold_entry(zone, findings[h.finding], h, first, ends_at) for h in holds]

    indices = append_with(build=build, now=now)
    flags = Flag.objects.bulk_create(
        Flag(
            zone=zone,
            point=item.point,
            rule=item.rule,
            slot=item.slot,
            details=item.details,
            log_index=index,
            raised_at=now,
        )
        for item, index in zip(findings, indices, strict=False)
    )
    Hold.objects.bulk_create(
        Hold(
            flag=flags[hold.finding],
            point=findings[hold.finding].point,
            slot=hold.slot,
            log_index=index,
            ends_at=ends_at,
        )
        for hold, index in zip(holds, indices[len(findings) :], strict=True)
    )
    return len(flags)


def _holds(zone: Zone, rules: Profile, findings: list[Finding], now: datetime) -> list[_NewHold]:
    """Return the holds that findings place, within the limit of each day of delivery."""
    lag = rules.windows.posting_lag_seconds
    first_day = (int(now.timestamp()) - lag) // DAY_SECONDS
    slots = {slot for item in findings for slot in item.slots}
    if not slots:
        return []
    taken = set(Hold.objects.filter(point__zone=zone, slot__in=slots).values_list("point_id", "slot"))
    days = {day_of(slot) for slot in slots}
    counted = (
        Hold.objects.filter(point__zone=zone, slot__gte=min(days) * SLOTS_PER_DAY)
        .values(day=F("slot") / SLOTS_PER_DAY)
        .annotate(count=Count("id"))
    )
    used = Counter({row["day"]: row["count"] for row in counted})
    holds = []
    for number, item in enumerate(findings):
        if item.point is None or item.point.kind != PointKind.MEMBER:
            continue
        for slot in item.slots:
            key, day = (item.point.pk, slot), day_of(slot)
            if key in taken or day < first_day or used[day] >= rules.limits.holds_per_day:
                continue
            taken.add(key)
            used[day] += 1
            holds.append(_NewHold(number, slot))
    return holds


def _flag_entry(zone: Zone, item: Finding, first: int) -> NewEntry:
    document = {
        "decision": "flag",
        "rule": str(item.rule),
        "point": str(item.point.pk) if item.point else None,
        "slot": item.slot,
        "details": item.details,
    }
    return _decision(zone, item, DecisionKind.FLAG, item.slot, first, document)


def _hold_entry(zone: Zone, item: Finding, hold: _NewHold, first: int, ends_at: datetime) -> NewEntry:
    document = {
        "decision": "hold",
        "point": str(item.point.pk) if item.point else None,
        "slot": hold.slot,
        "flag": first + hold.finding,
        "endsAt": int(ends_at.timestamp()),
    }
    return _decision(zone, item, DecisionKind.HOLD, hold.slot, first, document)


def _decision(
    zone: Zone, item: Finding, kind: DecisionKind, slot: int, first: int, document: Mapping[str, Any]
) -> NewEntry:
    """Return a DECISION entry under the point's key, or the zone's where nobody is named."""
    content = canonical(document)
    return NewEntry(
        kind=EntryKind.DECISION,
        fields={
            "decisionKind": int(kind),
            "zone": zone.word,
            "slot": slot,
            "version": 0,
            "value": 0,
            "inputLogSize": first,
            "contentHash": sha256(content).digest(),
        },
        scope=item.point.pk if item.point else zone.pk,
        period=month_of_day(day_of(slot)),
        document=content,
    )
