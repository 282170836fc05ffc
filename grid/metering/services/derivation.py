"""Slot energy of registered points, derived from what their meters sent."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from grid.accounts.models import Zone
from grid.domain.registers import (
    Channel,
    Handover,
    Quality,
    Reading,
    Reason,
    SlotEnergy,
    exchanged_energies,
    slot_energies,
)
from grid.domain.slots import SLOT_SECONDS, SLOTS_PER_DAY, slot_of
from grid.metering.models import Binding, Exchange, Meter, MeteringPoint
from grid.metering.queries.bindings import BindingBook
from grid.metering.queries.registers import readings_around

ROLLOVER_HEADROOM = 2
"""A fuse may carry more than its rating for a while: a fall counts as a rollover up to this many times it."""


@dataclass(frozen=True, slots=True)
class Derived:
    """One slot of a point: its energy, and the binding that says which meter and account it has.

    `meter_before` is the meter at the slot's start, where it is another one than at its end.
    """

    point: MeteringPoint
    binding: Binding | None
    energy: SlotEnergy
    meter_before: Meter | None = None


@dataclass(frozen=True, slots=True)
class _Span:
    """Slots of a point under one binding, or under none; with the exchange by which its meter came within them."""

    point: MeteringPoint
    binding: Binding | None
    slots: range
    exchange: Exchange | None = None

    @property
    def meters(self) -> set[int]:
        bindings = [self.binding, self.exchange.old if self.exchange else None]
        return {binding.meter_id for binding in bindings if binding}


def zone_bindings(zone: Zone) -> BindingBook:
    """Return the bindings of all points of a zone."""
    return BindingBook(Binding.objects.filter(point__zone=zone).select_related("meter"))


def derive(wanted: Sequence[tuple[MeteringPoint, range]], book: BindingBook) -> list[Derived]:
    """Return every slot in which a point was registered, by point and slot, missing ones included.

    A point counts as registered from its registration on, and wherever a binding covers it.
    """
    exchanges = {
        exchange.new_id: exchange
        for exchange in Exchange.objects.filter(point__in={point.pk for point, _ in wanted}).select_related(
            "old__meter"
        )
    }
    spans = [span for point, slots in wanted for span in _spans(point, slots, book, exchanges)]
    bound = [span for span in spans if span.binding is not None]
    meters = sorted({meter for span in bound for meter in span.meters})
    if bound:
        first = min(span.slots.start for span in bound) * SLOT_SECONDS
        last = max(span.slots.stop for span in bound) * SLOT_SECONDS
        readings = readings_around(meters, first=first, last=last)
    derived = []
    for span in spans:
        if span.binding is None:
            derived += [Derived(span.point, None, _unbound(slot)) for slot in span.slots]
        elif span.exchange is not None:
            derived += _exchanged(span, span.binding, span.exchange, readings)
        else:
            energies = slot_energies(readings[span.binding.meter_id], span.slots, _channel(span.point, span.binding))
            derived += [Derived(span.point, span.binding, energy) for energy in energies]
    return derived


def _exchanged(
    span: _Span, binding: Binding, exchange: Exchange, readings: dict[int, list[Reading]]
) -> Iterator[Derived]:
    """Yield the slots in which one meter followed another: those before are still the old binding's."""
    old = exchange.old
    handover = Handover(
        Reading(exchange.at, exchange.old_import_wh, exchange.old_export_wh, False, exchange.log_index),
        Reading(exchange.at, exchange.new_import_wh, exchange.new_export_wh, False, exchange.log_index),
    )
    channels = _channel(span.point, old), _channel(span.point, binding)
    pair = readings[old.meter_id], readings[binding.meter_id]
    inside = exchange.at % SLOT_SECONDS > 0
    for energy in exchanged_energies(*pair, span.slots, handover, channels):
        of_old = energy.slot < handover.slot
        before = old.meter if inside and energy.slot == handover.slot else None
        yield Derived(span.point, old if of_old else binding, energy, before)


def _spans(point: MeteringPoint, slots: range, book: BindingBook, exchanges: dict[int, Exchange]) -> Iterator[_Span]:
    """Yield the parts of a range under one binding each, those with an exchange apart."""
    days = {day * SLOTS_PER_DAY for day in book.borders(point.pk)}
    registered = slot_of(int(point.registered_at.timestamp()) + SLOT_SECONDS - 1)
    borders = sorted({slots.start, slots.stop} | {border for border in days | {registered} if border in slots})
    for start, stop in pairwise(borders):
        binding = book.of_point(point.pk, start // SLOTS_PER_DAY)
        if binding is None and start < registered:
            continue
        exchange = exchanges.get(binding.pk) if binding else None
        # The slot in which the old meter went, and those before it on the new binding's first day.
        split = start if exchange is None else min(max(start, -(-exchange.at // SLOT_SECONDS)), stop)
        if start < split:
            yield _Span(point, binding, range(start, split), exchange)
        if split < stop:
            yield _Span(point, binding, range(split, stop))


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
