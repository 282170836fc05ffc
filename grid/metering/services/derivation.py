"""Slot energy of registered points, derived from what their meters sent."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from grid.accounts.models import Zone
from grid.domain.registers import Channel, Quality, Reason, SlotEnergy, slot_energies
from grid.domain.slots import SLOT_SECONDS, SLOTS_PER_DAY, slot_of
from grid.metering.models import Binding, MeteringPoint
from grid.metering.queries.bindings import BindingBook
from grid.metering.queries.registers import readings_around

ROLLOVER_HEADROOM = 2
"""A fuse may carry more than its rating for a while: a fall counts as a rollover up to this many times it."""


@dataclass(frozen=True, slots=True)
class Derived:
    """One slot of a point: its energy, and the binding that says which meter and account it has."""

    point: MeteringPoint
    binding: Binding | None
    energy: SlotEnergy


@dataclass(frozen=True, slots=True)
class _Span:
    """Slots of a point under one binding, or under none."""

    point: MeteringPoint
    binding: Binding | None
    slots: range


def zone_bindings(zone: Zone) -> BindingBook:
    """Return the bindings of all points of a zone."""
    return BindingBook(Binding.objects.filter(point__zone=zone).select_related("meter"))


def derive(wanted: Sequence[tuple[MeteringPoint, range]], book: BindingBook) -> list[Derived]:
    """Return every slot in which a point was registered, by point and slot, missing ones included.

    A point counts as registered from its registration on, and wherever a binding covers it.
    """
    spans = [span for point, slots in wanted for span in _spans(point, slots, book)]
    bound = [span for span in spans if span.binding is not None]
    meters = sorted({span.binding.meter_id for span in bound if span.binding})
    if bound:
        first = min(span.slots.start for span in bound) * SLOT_SECONDS
        last = max(span.slots.stop for span in bound) * SLOT_SECONDS
        readings = readings_around(meters, first=first, last=last)
    derived = []
    for span in spans:
        if span.binding is None:
            derived += [Derived(span.point, None, _unbound(slot)) for slot in span.slots]
        else:
            energies = slot_energies(readings[span.binding.meter_id], span.slots, _channel(span.point, span.binding))
            derived += [Derived(span.point, span.binding, energy) for energy in energies]
    return derived


def _spans(point: MeteringPoint, slots: range, book: BindingBook) -> Iterator[_Span]:
    """Yield the parts of a range under one binding each."""
    days = {day * SLOTS_PER_DAY for day in book.borders(point.pk)}
    registered = slot_of(int(point.registered_at.timestamp()) + SLOT_SECONDS - 1)
    borders = sorted({slots.start, slots.stop} | {border for border in days | {registered} if border in slots})
    for start, stop in pairwise(borders):
        binding = book.of_point(point.pk, start // SLOTS_PER_DAY)
        if binding is not None or start >= registered:
            yield _Span(point, binding, range(start, stop))


def _channel(point: MeteringPoint, binding: Binding) -> Channel:
    return Channel(
        modulus_wh=binding.meter.register_modulus_wh,
        max_wh_per_slot=point.fuse_w * ROLLOVER_HEADROOM // 4,
        reversed=binding.reversed,
        multiplier_num=binding.multiplier_num,
        multiplier_den=binding.multiplier_den,
    )


def _unbound(slot: int) -> SlotEnergy:
    return SlotEnergy(slot, 0, 0, Quality.MISSING, Reason.NO_READING, 0, 0, 0, 0, None, None, False)
