"""Slot energy from cumulative registers (PROTOCOL §1, INTERVAL and its REGISTERS commitment).

A slot's energy is the difference of the registers at its two borders, each times the multiplier and
rounded down. So the remainder of one slot is carried into the next, without a state that could be lost: it
lies in the register's own position. Where a border has no reading, the energy between the readings around
it is spread evenly over the time between them, so that a lost message loses no energy; such slots are
ESTIMATED. Without a reading on both sides a slot is MISSING: a guess is never written down as energy.

When a meter is exchanged within a slot, its last registers and the first ones of its successor are read by
hand at one instant (`Handover`); the slot's energy is the sum of what both meters counted in it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from itertools import pairwise
from typing import NamedTuple

from grid.domain.slots import SLOT_SECONDS

CLOCK_SKEW_SECONDS = 9
"""How far a meter's clock may be off within a slot: 1 % of it (PROTOCOL §1)."""


class Quality(IntEnum):
    """Quality as INTERVAL entries say it. All but MISSING are ESPI's codes (NAESB REQ.21, QualityOfReading)."""

    VALID = 0
    EDITED = 7
    """A person wrote the energy down: ESPI "manually edited"."""
    REFERENCE = 8
    """A substitute value from reference days, written down by a person: ESPI "estimated using reference day"."""
    ESTIMATED = 9
    """Spread between two readings: ESPI "estimated using linear interpolation"."""
    MISSING = 10
    """No energy is known, 0 Wh stands for it. ESPI has no such code, see `espi_quality`."""


SUBSTITUTES = frozenset({Quality.EDITED, Quality.REFERENCE})
"""Written down by a person, with a DECISION that says who and why."""

ESPI_OTHER = 16


def espi_quality(quality: int) -> int:
    """Return ESPI's QualityOfReading for a quality of INTERVAL: MISSING becomes 16, "other"; the rest is the same."""
    return ESPI_OTHER if quality == Quality.MISSING else quality


class Reason(StrEnum):
    """Why a slot is not VALID."""

    NONE = ""
    GAP = "no reading on a border of this slot"
    CLOCK = "the meter's clock was not synchronised"
    EXCHANGE = "the meter was exchanged in this slot"
    NO_READING = "no reading before or after this slot"
    REGISTER_FELL = "a register fell by more than a rollover explains"


class Reading(NamedTuple):
    """Both registers at a slot border, and the log index of the READING entry they came in.

    Registers read by hand at an exchange stand at any second, and cite the DECISION that tells of it.
    """

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


def clock_is_trusted(at: int, *, synchronised: bool, received_at: int) -> bool:
    """Say whether a reading's time counts: the meter calls its clock synchronised, and it is not seen to run ahead.

    A reading stamped more than 9 s after we received it proves that the clock is ahead. A clock that is behind
    looks like a slow line, so a single record cannot show it; `grid.domain.vee` looks at the smallest delay of many.
    """
    return synchronised and at <= received_at + CLOCK_SKEW_SECONDS


def scaled(difference: int, channel: Channel) -> int:
    """Return the energy behind a register difference: times the multiplier, rounded down to whole Wh."""
    return difference * channel.multiplier_num // channel.multiplier_den


def energy_between(start: int, end: int, channel: Channel) -> int:
    """Return the energy in Wh while a register went from `start` to `end`, a wrap included.

    Each border is scaled and rounded down by itself: over neighbouring slots the sum is that of their outer borders.
    """
    if end < start:
        end += channel.modulus_wh
    return scaled(end, channel) - scaled(start, channel)


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
        first, after = start.at // SLOT_SECONDS, -(-end.at // SLOT_SECONDS)
        if after <= slots.start or first >= slots.stop:
            continue
        energies.extend(_missing(slots.start + len(energies), first, readings))
        energies.extend(_between(start, end, range(max(first, slots.start), min(after, slots.stop)), channel))
    energies.extend(_missing(slots.start + len(energies), slots.stop, readings))
    return energies


def _missing(first: int, after: int, readings: Sequence[Reading]) -> Iterator[SlotEnergy]:
    """Yield MISSING slots before the first reading or after the last one."""
    known = {r.at // SLOT_SECONDS: r for r in readings if r.at % SLOT_SECONDS == 0} if first < after else {}
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
    """Yield the slots of a range between two neighbouring readings, which may stand inside the outer ones."""
    seconds = end.at - start.at
    count = -(-end.at // SLOT_SECONDS) - start.at // SLOT_SECONDS
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
        # A border lies at start + floor(rise * its share of the time): the slots' energies add up to the rise exactly.
        done = max(slot * SLOT_SECONDS, start.at) - start.at
        then = min((slot + 1) * SLOT_SECONDS, end.at) - start.at
        import_from = (start.import_wh + imported * done // seconds) % modulus
        import_to = (start.import_wh + imported * then // seconds) % modulus
        export_from = (start.export_wh + exported * done // seconds) % modulus
        export_to = (start.export_wh + exported * then // seconds) % modulus
        import_wh = energy_between(import_from, import_to, channel)
        export_wh = energy_between(export_from, export_to, channel)
        yield SlotEnergy(
            slot=slot,
            import_wh=export_wh if channel.reversed else import_wh,
            export_wh=import_wh if channel.reversed else export_wh,
            quality=quality,
            reason=reason,
            import_start=import_from,
            import_end=end.import_wh if fell else import_to,
            export_start=export_from,
            export_end=end.export_wh if fell else export_to,
            reading_start=start.log_index,
            reading_end=end.log_index,
            interpolated=count > 1,
        )


class Handover(NamedTuple):
    """Registers read by hand when a meter was exchanged: the old one's last, the new one's first, at one instant.

    Nobody signed them, so neither is `synchronised`: a slot that ends or begins with one is not VALID.
    """

    old: Reading
    new: Reading

    @property
    def slot(self) -> int:
        """The slot in which the meter was exchanged; one that was exchanged on a border begins with the new meter."""
        return self.old.at // SLOT_SECONDS


def exchanged_energies(
    old: Sequence[Reading],
    new: Sequence[Reading],
    slots: range,
    handover: Handover,
    channels: tuple[Channel, Channel],
) -> list[SlotEnergy]:
    """Return one SlotEnergy for every slot of the range in which one meter followed another.

    `old` and `new` are the signed readings of both meters, as `slot_energies` takes them; what the old one sent
    after the exchange and the new one before it is left out. The slot of the exchange is never VALID: its
    registers of the handover are not signed by the meters.
    """
    at, slot = handover.old.at, handover.slot
    # A signed reading at the very instant is better than what was read by hand.
    before, after = [r for r in old if r.at <= at], [r for r in new if r.at >= at]
    if not before or before[-1].at < at:
        before.append(handover.old)
    if not after or after[0].at > at:
        after.insert(0, handover.new)
    slot_of_new = -(-at // SLOT_SECONDS)
    energies = slot_energies(before, range(slots.start, min(slots.stop, slot)), channels[0])
    if slot_of_new > slot and slot in slots:
        (first,) = slot_energies(before, range(slot, slot + 1), channels[0])
        (second,) = slot_energies(after, range(slot, slot + 1), channels[1])
        energies.append(_joined(first, second))
    return energies + slot_energies(after, range(max(slots.start, slot_of_new), slots.stop), channels[1])


def _joined(first: SlotEnergy, second: SlotEnergy) -> SlotEnergy:
    """Return the slot of an exchange; MISSING when either part is, since half a slot's energy is no slot's energy."""
    missing = Quality.MISSING in (first.quality, second.quality)
    reason = next(part.reason for part in (first, second) if part.quality is Quality.MISSING) if missing else None
    return SlotEnergy(
        slot=first.slot,
        import_wh=0 if missing else first.import_wh + second.import_wh,
        export_wh=0 if missing else first.export_wh + second.export_wh,
        quality=Quality.MISSING if missing else Quality.ESTIMATED,
        reason=reason or Reason.EXCHANGE,
        import_start=first.import_start,
        import_end=second.import_end,
        export_start=first.export_start,
        export_end=second.export_end,
        reading_start=first.reading_start,
        reading_end=second.reading_end,
        interpolated=True,
    )
