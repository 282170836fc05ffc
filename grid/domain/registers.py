"""Slot energy from cumulative registers (PROTOCOL §1, INTERVAL and its REGISTERS commitment).

A slot's energy is the difference of the registers at its two borders, times the multiplier. Where a
border has no reading, the energy between the readings around it is spread evenly over the slots between
them, so that a lost message loses no energy; such slots are ESTIMATED. Without a reading on both sides a
slot is MISSING: a guess is never written down as energy.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from itertools import pairwise
from typing import NamedTuple

from grid.domain.slots import SLOT_SECONDS


class Quality(IntEnum):
    """ESPI quality of reading codes used here."""

    VALID = 0
    ESTIMATED = 9
    MISSING = 10


class Reason(StrEnum):
    """Why a slot is not VALID."""

    NONE = ""
    GAP = "no reading on a border of this slot"
    CLOCK = "the meter's clock was not synchronised"
    NO_READING = "no reading before or after this slot"
    REGISTER_FELL = "a register fell by more than a rollover explains"


class Reading(NamedTuple):
    """Both registers at a slot border, and the log index of the READING entry they came in."""

    at: int
    import_wh: int
    export_wh: int
    synchronised: bool
    log_index: int


@dataclass(frozen=True, slots=True)
class Channel:
    """How registers become a point's energy."""

    modulus_wh: int
    """The registers wrap to 0 at this value."""
    max_wh_per_slot: int
    """What the connection can carry: a fall of a register is a rollover only within this."""
    reversed: bool = False
    """The meter is mounted the other way round: its import is the point's export."""
    multiplier_num: int = 1
    multiplier_den: int = 1


class SlotEnergy(NamedTuple):
    """A point's energy in one slot, and the meter's registers it was derived from.

    Registers are the meter's own (before reversal and multiplier); between readings they are
    interpolated. `reading_start` and `reading_end` are the log indices of the readings at, or next
    outside, the borders; None where there is none.
    """

    slot: int
    import_wh: int
    export_wh: int
    quality: Quality
    reason: Reason
    import_start: int
    import_end: int
    export_start: int
    export_end: int
    reading_start: int | None
    reading_end: int | None
    interpolated: bool


def scaled(difference: int, channel: Channel) -> int:
    """Return the energy behind a register difference: times the multiplier, rounded down to whole Wh."""
    return difference * channel.multiplier_num // channel.multiplier_den


def rise(start: int, end: int, slots: int, channel: Channel) -> int | None:
    """Return how far a register rose over a number of slots, or None if it fell and did not roll over."""
    if end >= start:
        return end - start
    rolled = end + channel.modulus_wh - start
    return rolled if rolled >= 0 and scaled(rolled, channel) <= slots * channel.max_wh_per_slot else None


def slot_energies(readings: Sequence[Reading], slots: range, channel: Channel) -> list[SlotEnergy]:
    """Return one SlotEnergy for every slot of the range.

    `readings` stand on slot borders, in order of time, one per instant; those next before and next
    after the range belong to it, so that gaps across its ends can be spread.
    """
    energies: list[SlotEnergy] = []
    for start, end in pairwise(readings):
        first, after = start.at // SLOT_SECONDS, end.at // SLOT_SECONDS
        if after <= slots.start or first >= slots.stop:
            continue
        energies.extend(_missing(slots.start + len(energies), first, readings))
        energies.extend(_between(start, end, range(max(first, slots.start), min(after, slots.stop)), channel))
    energies.extend(_missing(slots.start + len(energies), slots.stop, readings))
    return energies


def _missing(first: int, after: int, readings: Sequence[Reading]) -> Iterator[SlotEnergy]:
    """Yield MISSING slots before the first reading or after the last one."""
    known = {reading.at // SLOT_SECONDS: reading for reading in readings} if first < after else {}
    for slot in range(first, after):
        start, end = known.get(slot), known.get(slot + 1)
        yield SlotEnergy(
            slot=slot,
            import_wh=0,
            export_wh=0,
            quality=Quality.MISSING,
            reason=Reason.NO_READING,
            import_start=start.import_wh if start else 0,
            import_end=end.import_wh if end else 0,
            export_start=start.export_wh if start else 0,
            export_end=end.export_wh if end else 0,
            reading_start=start.log_index if start else None,
            reading_end=end.log_index if end else None,
            interpolated=False,
        )


def _between(start: Reading, end: Reading, slots: range, channel: Channel) -> Iterator[SlotEnergy]:
    """Yield the slots of a range between two neighbouring readings."""
    first = start.at // SLOT_SECONDS
    count = end.at // SLOT_SECONDS - first
    imported = rise(start.import_wh, end.import_wh, count, channel)
    exported = rise(start.export_wh, end.export_wh, count, channel)
    if imported is None or exported is None:
        imported = exported = 0
        quality, reason = Quality.MISSING, Reason.REGISTER_FELL
    elif count > 1:
        quality, reason = Quality.ESTIMATED, Reason.GAP
    elif not (start.synchronised and end.synchronised):
        quality, reason = Quality.ESTIMATED, Reason.CLOCK
    else:
        quality, reason = Quality.VALID, Reason.NONE
    fell = reason is Reason.REGISTER_FELL
    modulus = channel.modulus_wh
    for slot in slots:
        done = slot - first
        # Border k of n lies at start + floor(rise * k / n): the slots' energies add up to the rise exactly.
        import_from, import_to = imported * done // count, imported * (done + 1) // count
        export_from, export_to = exported * done // count, exported * (done + 1) // count
        import_wh = scaled(import_to - import_from, channel)
        export_wh = scaled(export_to - export_from, channel)
        yield SlotEnergy(
            slot=slot,
            import_wh=export_wh if channel.reversed else import_wh,
            export_wh=import_wh if channel.reversed else export_wh,
            quality=quality,
            reason=reason,
            import_start=(start.import_wh + import_from) % modulus,
            import_end=end.import_wh if fell else (start.import_wh + import_to) % modulus,
            export_start=(start.export_wh + export_from) % modulus,
            export_end=end.export_wh if fell else (start.export_wh + export_to) % modulus,
            reading_start=start.log_index,
            reading_end=end.log_index,
            interpolated=count > 1,
        )
