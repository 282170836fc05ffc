"""Deriving closed slots again: what a correction of a binding, or an exchange told late, changes in them."""

from datetime import datetime

from django.db import transaction

from grid.domain.registers import SUBSTITUTES, Quality
from grid.metering.models import Interval, MeteringPoint, SlotClose
from grid.metering.queries.intervals import intervals
from grid.metering.services.derivation import Derived, derive, zone_bindings
from grid.metering.services.recording import Version, record_intervals
from grid.records import queries as records


@transaction.atomic
def rederive(*, point: MeteringPoint, from_slot: int, now: datetime, to_slot: int | None = None) -> int:
    """Write a next version of every closed slot that derives to something else now; return how many.

    What differs is energy, quality or the binding. What a person wrote down keeps its energy.
    """
    closed = SlotClose.objects.select_for_update().filter(zone=point.zone_id).first()
    stop = 0 if closed is None else min(closed.next_slot, to_slot or closed.next_slot)
    if stop <= from_slot:
        return 0
    known = {row.slot: row for row in intervals(points=[point.pk], from_slot=from_slot, to_slot=stop)}
    versions = []
    for derived in derive([(point, range(from_slot, stop))], zone_bindings(point.zone)):
        before = known.get(derived.energy.slot)
        if before is None:
            versions.append(Version(derived))
        elif (after := kept(derived, before)) and _differs(after, before):
            versions.append(Version(after, number=before.version + 1, supersedes=before.log_index))
    if versions:
        record_intervals(versions, now=now)
    return len(versions)


def kept(derived: Derived, before: Interval) -> Derived:
    """Return what is derived, with the energy that a person had written down before."""
    if before.quality not in SUBSTITUTES:
        return derived
    energy = derived.energy._replace(
        import_wh=before.import_wh, export_wh=before.export_wh, quality=Quality(before.quality)
    )
    return Derived(derived.point, derived.binding, energy, derived.meter_before)


def _differs(after: Derived, before: Interval) -> bool:
    energy = after.energy
    if (energy.import_wh, energy.export_wh, energy.quality) != (before.import_wh, before.export_wh, before.quality):
        return True
    bound = after.binding.log_index if after.binding else None
    return records.decoded(before.log_index)["bindingIndex"] != bound
