"""Ground 1, ENERGY: the INTERVAL that counts, its registers, and the BINDING that counts."""

from dataclasses import replace

from grid.domain.claim_errors import (
    BindingNotBetter,
    BindingNotOfDay,
    BindingOfAnother,
    CitationWrong,
    IntervalNotBetter,
    IntervalOfAnother,
    MeterOfAnother,
    NotTheBindings,
    QualityNotValid,
    RegistersImpossible,
)
from grid.domain.entries import EntryKind
from grid.domain.grounds.facts import Facts, Posted
from grid.domain.openings import AnyEntry, Entry, Opened, Words, require_any, require_entry, require_registers
from grid.domain.registers import Quality


def of_interval(posted: Posted, facts: Facts, interval: Entry) -> Facts:
    """Return the facts with the energy of the cited INTERVAL or its direct successor. Raises ClaimRefused."""
    return replace(facts, energy=_energy(_cited_or_next(posted, interval)))


def of_better(posted: Posted, facts: Facts, interval: Entry, cited: AnyEntry) -> Facts:
    """Return the facts with the energy of an INTERVAL that overrules the cited entry. Raises ClaimRefused.

    The higher version counts, of equal ones the lower index; an entry that is no INTERVAL of the slot never does.
    """
    cited_index = posted.line.number("intervalIndex")
    if cited.index != cited_index:
        raise CitationWrong(cited.index, cited_index)
    better, known = _interval(posted, interval), require_any(posted.run, EntryKind.INTERVAL, cited)
    if known is not None and _is_of(known, posted):
        version, other = better.number("version"), known.number("version")
        if version < other or (version == other and interval.index >= cited_index):
            raise IntervalNotBetter(interval.index, cited_index)
    return replace(facts, energy=_energy(better))


def of_registers(
    posted: Posted, facts: Facts, interval: Entry, registers: Words, binding: Entry, account: bytes
) -> Facts:
    """Return the facts with the energy that a valid slot's registers give under the BINDING. Raises ClaimRefused."""
    counting, bound, facts = _bound(posted, facts, interval, binding, account)
    quality = counting.number("quality")
    if quality != Quality.VALID:
        raise QualityNotValid(quality)
    opened = require_registers(counting.data("registersCommitment"), registers)
    meter = bound.data("meterSerialHash")
    if meter not in (opened.data("meterStart"), opened.data("meterEnd")):
        raise MeterOfAnother(meter)
    return replace(facts, energy=_measured(opened, bound))


def of_binding(posted: Posted, facts: Facts, interval: Entry, binding: Entry, account: bytes) -> Facts:
    """Return the facts with whose the slot is by the BINDING that counts. Raises ClaimRefused."""
    counting, _, facts = _bound(posted, facts, interval, binding, account)
    return replace(facts, energy=_energy(counting))


def _bound(posted: Posted, facts: Facts, interval: Entry, entry: Entry, account: bytes) -> tuple[Opened, Opened, Facts]:
    """Return INTERVAL and BINDING, and the facts with whose the slot is."""
    counting = _cited_or_next(posted, interval)
    binding = _binding(posted, entry, counting.index("bindingIndex"))
    # A binding to a point of another zone leaves nobody here to settle with.
    bound = binding.data("account") if binding.data("zone") == posted.zone else bytes(20)
    if bound == account:
        return counting, binding, replace(facts, owned=facts.owned or bound != posted.point.account)
    if account != posted.point.account:
        raise NotTheBindings(account, bound)
    return counting, binding, replace(facts, disowned=True)


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
    if not _is_of(opened, posted):
        raise IntervalOfAnother(opened.data("point"), opened.number("slot"))
    return require_entry(posted.run, EntryKind.INTERVAL, entry)


def _is_of(interval: Opened, posted: Posted) -> bool:
    return interval.data("point") == posted.point.point and interval.number("slot") == posted.slot


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


def _measured(registers: Opened, binding: Opened) -> tuple[int, int]:
    """Return what the registers rose, times the multiplier; swapped for a reversed meter."""
    imported = _scaled(registers.number("importStart"), registers.number("importEnd"), registers, binding)
    exported = _scaled(registers.number("exportStart"), registers.number("exportEnd"), registers, binding)
    return (exported, imported) if binding.flag("reversed") else (imported, exported)


def _scaled(start: int, end: int, registers: Opened, binding: Opened) -> int:
    """Return the energy behind the rise of one register, a wrap included, rounded down."""
    modulus, divisor = registers.number("modulus"), binding.number("multiplierDen")
    if end < start:
        end += modulus
    if end < start or divisor == 0:
        raise RegistersImpossible(start, end, modulus, divisor)
    return (end - start) * binding.number("multiplierNum") // divisor
