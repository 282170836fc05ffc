"""Broken rules, found in rows that are new since the last look. All arithmetic in integers, in the database."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any

from django.db import connection
from django.db.models import Min

from grid.accounts.models import Zone
from grid.domain.plausibility import balance_tolerance_wh, export_limit_wh, import_limit_wh
from grid.domain.profile import Limits
from grid.domain.registers import Channel, rise
from grid.domain.slots import SLOT_SECONDS, SLOTS_PER_DAY, day_of, slot_of
from grid.metering.models import Binding, Meter, MeteringPoint, PointKind, RegisterBlock, ZoneSlot
from grid.metering.packing import unpack
from grid.metering.queries import BindingBook
from grid.metering.queries.registers import readings_around
from grid.sentinel.models import Rule

# Wide of the exact limits, which Python then applies: the database only picks what is worth a look.
_LARGE = """
    SELECT id, slot, import_wh, export_wh FROM (
        SELECT DISTINCT ON (i.slot, i.point_id) p.id, i.slot, i.import_wh, i.export_wh, p.kind, p.fuse_w, p.pv_peak_w
        FROM metering_interval i JOIN metering_meteringpoint p ON p.number = i.point_id
        WHERE p.zone_id = %(zone)s AND i.slot >= %(first)s AND i.slot < %(after)s
        ORDER BY i.slot, i.point_id, i.version DESC
    ) newest
    WHERE import_wh::bigint * 4 > fuse_w
        OR export_wh::bigint * 4 > CASE WHEN kind = %(feeder)s THEN fuse_w ELSE least(fuse_w, pv_peak_w) END
    ORDER BY id, slot
"""
_BALANCE = """
    SELECT slot, import_wh - export_wh, feeder_import_wh - feeder_export_wh, import_wh + export_wh
    FROM metering_zoneslot
    WHERE zone_id = %(zone)s AND slot >= %(first)s AND slot < %(after)s
        AND feeders > 0 AND estimated + missing + feeders_unread = 0
    ORDER BY slot
"""
_RECORDS = """
    SELECT e.id, e.meter_id, e.counter, e.fork, e.received_at, (
        SELECT max(p.counter) FROM metering_envelope p
        WHERE p.meter_id = e.meter_id AND NOT p.fork AND p.counter < e.counter)
    FROM metering_envelope e WHERE e.meter_id = ANY(%(meters)s) AND e.id > %(after)s AND e.id <= %(last)s
    ORDER BY e.id
"""


# New versions of slots older than this have no run left that a hold could change.
REVISED_SLOTS = 8 * SLOTS_PER_DAY


@dataclass(frozen=True, slots=True)
class Finding:
    """A broken rule. `slots` are those whose energy cannot be relied on: none for a mere sign."""

    rule: Rule
    slot: int
    point: MeteringPoint | None
    details: dict[str, Any] = field(default_factory=dict)
    slots: tuple[int, ...] = ()


class Watch:
    """The zone's points and meters, and the rules over new slots [first, after) and new records."""

    def __init__(self, zone: Zone, limits: Limits) -> None:
        self.zone, self.limits = zone, limits
        self.points = {point.pk: point for point in MeteringPoint.objects.filter(zone=zone)}
        self.bindings = list(Binding.objects.filter(point__zone=zone).select_related("meter"))
        self.book = BindingBook(self.bindings)
        self.meters: dict[int, Meter] = {binding.meter_id: binding.meter for binding in self.bindings}

    def first_slot(self, after: int) -> int:
        """Return the first slot the zone was metered in, or `after` before it has a meter."""
        day = self.book.first_day()
        return after if day is None else day * SLOTS_PER_DAY

    def first_revised(self, next_slot: int, log_size: int) -> int:
        """Return the first slot before `next_slot` that got a new version from entry `log_size` on, else `next_slot`.

        Who sends late is looked at like who sends in time.
        """
        revised = ZoneSlot.objects.filter(
            zone=self.zone, log_size__gt=log_size, slot__gte=next_slot - REVISED_SLOTS, slot__lt=next_slot
        )
        return revised.aggregate(first=Min("slot"))["first"] or next_slot

    def over_capacity(self, first: int, after: int) -> Iterator[Finding]:
        """More energy in a slot than fuse or roof can carry."""
        for point_id, slot, imported, exported in self._rows(_LARGE, first, after):
            point = self.points[point_id]
            drawn = import_limit_wh(point.fuse_w)
            roof = point.fuse_w if point.kind == PointKind.FEEDER else point.pv_peak_w
            fed = export_limit_wh(point.fuse_w, roof)
            if imported > drawn or exported > fed:
                details = {"importWh": imported, "exportWh": exported, "importLimit": drawn, "exportLimit": fed}
                yield Finding(Rule.OVER_CAPACITY, slot, point, details, (slot,))

    def out_of_balance(self, first: int, after: int) -> Iterator[Finding]:
        """Members that do not add up to the feeder, in slots where every meter was read."""
        for slot, members, feeder, throughput in self._rows(_BALANCE, first, after):
            tolerance = balance_tolerance_wh(
                int(throughput),
                fixed_wh=self.limits.balance_tolerance_wh,
                permille=self.limits.balance_tolerance_permille,
            )
            if abs(members - feeder) > tolerance:
                details = {"membersWh": int(members), "feederWh": int(feeder), "toleranceWh": tolerance}
                yield Finding(Rule.ZONE_BALANCE, slot, None, details)

    def fallen_registers(self, first: int, after: int) -> Iterator[Finding]:
        """A register lower than the one before, by more than a rollover explains."""
        start, end = first * SLOT_SECONDS, after * SLOT_SECONDS
        readings = readings_around(list(self.meters), first=start, last=end)
        pairs = [
            (now.at, meter, before, now)
            for meter, found in readings.items()
            for before, now in pairwise(found)
            if start < now.at <= end and (now.import_wh < before.import_wh or now.export_wh < before.export_wh)
        ]
        for at, meter, before, now in sorted(pairs):
            slots = range(slot_of(before.at), slot_of(at))
            point = self._point(meter, slots.stop - 1)
            if point is None:
                continue
            channel = Channel(self.meters[meter].register_modulus_wh, import_limit_wh(point.fuse_w))
            rises = (
                rise(before.import_wh, now.import_wh, len(slots), channel),
                rise(before.export_wh, now.export_wh, len(slots), channel),
            )
            if None in rises:
                details = {
                    "meter": self.meters[meter].serial,
                    "before": [before.import_wh, before.export_wh],
                    "after": [now.import_wh, now.export_wh],
                }
                yield Finding(Rule.REGISTER_FELL, slots.stop - 1, point, details, tuple(slots))

    def records(self, after_id: int, last_id: int) -> Iterator[Finding]:
        """Counters that jump, and counters used twice."""
        parameters: dict[str, Any] = {"meters": list(self.meters), "after": after_id, "last": last_id}
        with connection.cursor() as cursor:
            cursor.execute(_RECORDS, parameters)
            rows = cursor.fetchall()
        for _, meter, counter, fork, received_at, before in rows:
            details = {"meter": self.meters[meter].serial, "counter": counter}
            if fork:
                yield from self._fork(meter, counter, received_at, details)
            elif before is not None and counter > before + 1:
                slot = slot_of(int(received_at.timestamp()))
                point = self._point(meter, slot)
                if point is not None:
                    yield Finding(Rule.COUNTER_GAP, slot, point, {**details, "before": before})

    def _fork(self, meter: int, counter: int, received_at: datetime, details: dict[str, Any]) -> Iterator[Finding]:
        """A fork touches the slots of the record that was accepted under the same counter."""
        blocks = RegisterBlock.objects.filter(
            envelope__meter_id=meter, envelope__counter=counter, envelope__fork=False
        ).values_list("packed", flat=True)
        slots = tuple(sorted({slot_of(reading.at) - 1 for block in blocks for reading in unpack(bytes(block))}))
        slot = slots[-1] if slots else slot_of(int(received_at.timestamp()))
        point = self._point(meter, slot)
        if point is not None:
            yield Finding(Rule.COUNTER_FORK, slot, point, details, slots)

    def _point(self, meter: int, slot: int) -> MeteringPoint | None:
        binding = self.book.of_meter(meter, day_of(slot))
        return None if binding is None else self.points.get(binding.point_id)

    def _rows(self, statement: str, first: int, after: int) -> list[tuple[Any, ...]]:
        parameters: dict[str, Any] = {
            "zone": self.zone.pk,
            "first": first,
            "after": after,
            "feeder": PointKind.FEEDER.value,
        }
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return list(cursor.fetchall())
