"""Metering: a meter's signed bytes, the READINGs that commit to them, and energy derived from them."""

from hashlib import sha256

from grid.domain import entries, envelopes, merkle, ocmf
from grid.domain.casefile import RecordPart, RegistersPart
from grid.domain.entries import EntryKind, LeafKind
from grid.domain.ocmf import Record, RegisterReading
from grid.domain.registers import (
    SUBSTITUTES,
    Channel,
    Quality,
    Reading,
    clock_is_trusted,
    energy_between,
    slot_energies,
)
from grid.domain.slots import SLOT_SECONDS, day_of
from grid.verifier.evidence import Evidence, Fields
from grid.verifier.report import CheckFailed, NotInFile, require


def check_records(evidence: Evidence) -> None:
    """Check each signed record of the file; fills `evidence.records`."""
    for part in evidence.case.records:
        what = f"record of READING {part.reading} is signed by a key of the log"
        with evidence.report.check(what, group="signed record has a READING and a KEY in the log"):
            evidence.records[part.reading] = _check_record(evidence, part)


def _check_record(evidence: Evidence, part: RecordPart) -> Record:
    reading = evidence.entry(part.reading, EntryKind.READING)
    raw = part.envelope
    reading.agrees("envelopeSha256", sha256(raw).digest())
    record = envelopes.parse(raw)
    reading.agrees("counter", record.counter)
    key = evidence.entry(part.key, EntryKind.KEY)
    key.agrees("publicKeyHash", sha256(part.public_key).digest())
    key.agrees("suite", int(record.suite))
    key.agrees("meterSerialHash", sha256(record.meter_serial.encode()).digest())
    first, after = key.number("fromCounter"), key.index("toCounter")
    if record.counter < first or (after is not None and record.counter >= after):
        raise CheckFailed(f"counter {record.counter} is not one of {key.name}'s")
    ocmf.verify(record, part.public_key)
    return record


def check_intervals(evidence: Evidence) -> None:
    """Check each opened INTERVAL: commitment, binding, and energy from registers and signed records."""
    for part in evidence.case.registers:
        what = f"INTERVAL {part.interval} has the energy of its registers"
        with evidence.report.check(what, group="INTERVAL has the energy of its registers"):
            _check_commitment(evidence, part)
        what = f"registers of INTERVAL {part.interval} are those of the signed records"
        with evidence.report.check(what, group="registers of the INTERVAL are those of the signed records"):
            _check_registers(evidence, part)


def check_versions(evidence: Evidence) -> None:
    """Check that each proven INTERVAL that supersedes another is the next version of the very same slot."""
    for index, (kind, values) in evidence.entries.items():
        interval = Fields(f"INTERVAL {index}", values)
        if kind is not EntryKind.INTERVAL or interval.number("version") == 0:
            continue
        what = f"INTERVAL {index} is the next version of the one it supersedes"
        with evidence.report.check(what, group="INTERVAL is the next version of the one it supersedes"):
            before = interval.index("supersedes")
            require(before is not None and before < index, f"it names {before}")
            older = evidence.entry(before, EntryKind.INTERVAL)
            older.agrees("point", interval.data("point"))
            older.agrees("slot", interval.number("slot"))
            older.agrees("version", interval.number("version") - 1)


def _opened(evidence: Evidence, part: RegistersPart) -> tuple[Fields, Fields, Fields]:
    """Return the interval, its opened registers, and its binding."""
    interval = evidence.entry(part.interval, EntryKind.INTERVAL)
    interval.agrees("registersCommitment", merkle.leaf_hash(part.data))
    opened = Fields("REGISTERS", entries.decode(LeafKind.REGISTERS, part.data))
    binding = evidence.entry(interval.index("bindingIndex"), EntryKind.BINDING)
    return interval, opened, binding


def _check_commitment(evidence: Evidence, part: RegistersPart) -> None:
    interval, opened, binding = _opened(evidence, part)
    check_binding(interval, binding)
    serials = opened.data("meterStart"), opened.data("meterEnd")
    require(binding.data("meterSerialHash") in serials, f"{binding.name} binds another meter")
    given = interval.number("importWh"), interval.number("exportWh")
    if interval.number("quality") == Quality.MISSING:
        require(given == (0, 0), f"a missing slot has {given[0]} and {given[1]} Wh")
        return
    _require_derived(interval, opened)
    channel = _channel(opened, binding)
    imported = energy_between(opened.number("importStart"), opened.number("importEnd"), channel)
    exported = energy_between(opened.number("exportStart"), opened.number("exportEnd"), channel)
    derived = (exported, imported) if channel.reversed else (imported, exported)
    require(given == derived, f"it says {given} Wh of import and export, its registers {derived}")


def _require_derived(interval: Fields, opened: Fields) -> None:
    """Raise NotInFile where energy does not follow from registers: a person wrote it down, or two meters counted it."""
    quality = interval.number("quality")
    if quality in SUBSTITUTES:
        raise NotInFile("a person wrote the energy down; a DECISION says who and why")
    if opened.data("meterStart") != opened.data("meterEnd"):
        require(quality != Quality.VALID, "the meter was exchanged in this slot, and it is called valid")
        raise NotInFile("the meter was exchanged in this slot; a DECISION tells what was read by hand")


def check_binding(interval: Fields, binding: Fields) -> None:
    """Check that a binding is one of the interval's point and covers its day. Raises CheckFailed."""
    binding.agrees("point", interval.data("point"))
    day = day_of(interval.number("slot"))
    require(binding.covers(day), f"{binding.name} does not cover day {day}")


def _channel(opened: Fields, binding: Fields) -> Channel:
    modulus, divisor = opened.number("modulus"), binding.number("multiplierDen")
    require(modulus > 0 and divisor > 0, "register modulus or multiplier is zero")
    return Channel(
        modulus_wh=modulus,
        max_wh_per_slot=modulus * binding.number("multiplierNum"),
        reversed=binding.flag("reversed"),
        multiplier_num=binding.number("multiplierNum"),
        multiplier_den=divisor,
    )


def _check_registers(evidence: Evidence, part: RegistersPart) -> None:
    """Derive the slot again from the two signed records it cites."""
    interval, opened, binding = _opened(evidence, part)
    slot = interval.number("slot")
    cited = opened.index("readingStart"), opened.index("readingEnd")
    if interval.number("quality") == Quality.MISSING and None in cited:
        return
    _require_derived(interval, opened)
    before = _reading(evidence, interval, opened, "Start", slot * SLOT_SECONDS)
    after = _reading(evidence, interval, opened, "End", (slot + 1) * SLOT_SECONDS)
    channel = _channel(opened, binding)
    if interval.number("quality") == Quality.MISSING:
        fell = after.import_wh < before.import_wh or after.export_wh < before.export_wh
        require(fell, "it is called missing, and both registers rose")
        return
    energy = slot_energies([before, after], range(slot, slot + 1), channel)[0]
    for name, value in (
        ("importStart", energy.import_start),
        ("importEnd", energy.import_end),
        ("exportStart", energy.export_start),
        ("exportEnd", energy.export_end),
        ("interpolated", energy.interpolated),
    ):
        opened.agrees(name, value)
    for name, value in (("importWh", energy.import_wh), ("exportWh", energy.export_wh), ("quality", energy.quality)):
        interval.agrees(name, int(value))


def _reading(evidence: Evidence, interval: Fields, opened: Fields, end: str, border: int) -> Reading:
    """Return the registers at, or in this record next outside, a border of the slot."""
    index = opened.index(f"reading{end}")
    record = evidence.record(index)
    entry = evidence.entry(index, EntryKind.READING)
    entry.agrees("point", interval.data("point"))
    opened.agrees(f"meter{end}", sha256(record.meter_serial.encode()).digest())
    found: RegisterReading | None
    if end == "Start":
        found = max((r for r in record.registers if r.at <= border), default=None)
    else:
        found = min((r for r in record.registers if r.at >= border), default=None)
    if found is None or index is None:
        raise CheckFailed(f"READING {index} has no registers on its side of the slot")
    received_at = entry.number("receivedAt")
    trusted = clock_is_trusted(found.at, synchronised=found.synchronised, received_at=received_at)
    return Reading(found.at, found.import_wh, found.export_wh, trusted, index)
