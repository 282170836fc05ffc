"""Ground 1, ENERGY: the INTERVAL that counts, its registers, and the BINDING that counts."""

from collections.abc import Sequence
from dataclasses import replace

from grid.domain.claim_errors import (
    BindingNotBetter,
    BindingNotOfDay,
    BindingOfAnother,
    IntervalNotBetter,
    MeterOfAnother,
    QualityNotValid,
    RegistersImpossible,
)
from grid.domain.entries import EntryKind
from grid.domain.grounds.facts import Facts, Posted, require_cited, require_owner, require_same
from grid.domain.openings import AnyEntry, Entry, Opened, Words, require_any, require_entry, require_registers
from grid.domain.registers import Quality


def of_interval(posted: Posted, facts: Facts, interval: Entry, cited: Sequence[AnyEntry]) -> Facts:
    """Return the facts with the energy of the INTERVAL that counts. Raises ClaimRefused.

    That is the cited one, one that names it as superseded, or one that is better than a `cited` entry which is opened.
    """
    counting = _better(posted, interval, cited[0]) if cited else _cited_or_next(posted, interval)
    return replace(facts, energy=_energy(counting))


def of_binding(
    posted: Posted, facts: Facts, interval: Entry, binding: Entry, registers: Sequence[Words], account: bytes
) -> Facts:
    """Return the facts with whose the slot is by the BINDING that counts, and its registers' energy.

    Raises ClaimRefused. Registers give a valid slot's energy with the BINDING's multiplier and reversal.
    """
    counting = _cited_or_next(posted, interval)
    bound = _binding(posted, binding, counting.index("bindingIndex"))
    measured = _measured(counting, registers[0], bound) if registers else _energy(counting)
    facts = replace(facts, energy=measured)
    # A binding to a point of another zone leaves nobody here to settle with.
    named = bound.data("account") if bound.data("zone") == posted.zone else bytes(20)
    if named == account:
        return replace(facts, owned=facts.owned or named != posted.point.account)
    require_owner(account, posted.point, facts)
    return replace(facts, disowned=True)


def _better(posted: Posted, interval: Entry, cited: AnyEntry) -> Opened:
    """Return an INTERVAL that overrules the cited entry: the higher version counts, of equal ones the lower index.

    An entry that is no INTERVAL of the slot never counts.
    """
    require_cited(cited.index, posted.line.number("intervalIndex"))
    better, known = _interval(posted, interval), require_any(posted.run, EntryKind.INTERVAL, cited)
    about = (posted.point.point, posted.slot)
    if known is not None and (known.data("point"), known.number("slot")) == about:
        version, other = better.number("version"), known.number("version")
        if version < other or (version == other and interval.index >= cited.index):
            raise IntervalNotBetter(interval.index, cited.index)
    return better


def _cited_or_next(posted: Posted, entry: Entry) -> Opened:
    """Return the cited INTERVAL, or one that names it as its predecessor, or any where the citation leads nowhere."""
    cited = posted.line.number("intervalIndex")
    supersedes = Opened(EntryKind.INTERVAL, entry.words).index("supersedes")
    if entry.index != cited and supersedes != cited and cited < posted.size:
        raise IntervalNotBetter(entry.index, cited)
    return _interval(posted, entry)


def _interval(posted: Posted, entry: Entry) -> Opened:
    """Return an INTERVAL of the slot that stands in the checkpoint."""
    opened = Opened(EntryKind.INTERVAL, entry.words)
    require_same(opened.data("point"), posted.point.point)
    require_same(opened.number("slot"), posted.slot)
    return require_entry(posted.run, EntryKind.INTERVAL, entry)


def _energy(interval: Opened) -> tuple[int, int]:
    return interval.number("importWh"), interval.number("exportWh")


def _binding(posted: Posted, entry: Entry, cited: int | None) -> Opened:
    """Return the BINDING: the one that the INTERVAL cites, or a later one of the point that covers the day."""
    binding = Opened(EntryKind.BINDING, entry.words)
    if cited is not None and entry.index < cited < posted.size:
        raise BindingNotBetter(entry.index, cited)
    if binding.data("point") != posted.point.point:
        raise BindingOfAnother(binding.data("point"), posted.point.point)
    day, first, after = posted.run.input.day, binding.number("fromDay"), binding.index("toDay")
    if day < first or (after is not None and day >= after):
        raise BindingNotOfDay(first, after, day)
    return require_entry(posted.run, EntryKind.BINDING, entry)


def _measured(interval: Opened, words: Words, binding: Opened) -> tuple[int, int]:
    """Return what the registers of a valid slot rose, times the multiplier; swapped for a reversed meter."""
    quality = interval.number("quality")
    if quality != Quality.VALID:
        raise QualityNotValid(quality)
    registers = require_registers(interval.data("registersCommitment"), words)
    meter = binding.data("meterSerialHash")
    if meter not in (registers.data("meterStart"), registers.data("meterEnd")):
        raise MeterOfAnother(meter)
    imported = _scaled(registers.number("importStart"), registers.number("importEnd"), registers, binding)
    exported = _scaled(registers.number("exportStart"), registers.number("exportEnd"), registers, binding)
    return (exported, imported) if binding.flag("reversed") else (imported, exported)


def _scaled(start: int, end: int, registers: Opened, binding: Opened) -> int:
    """Return the energy behind the rise of one register, a wrap included; both ends are rounded down by themselves."""
    modulus, divisor = registers.number("modulus"), binding.number("multiplierDen")
    if end < start:
        end += modulus
    if end < start or divisor == 0:
        raise RegistersImpossible(start, end, divisor)
    numerator = binding.number("multiplierNum")
    return end * numerator // divisor - start * numerator // divisor
