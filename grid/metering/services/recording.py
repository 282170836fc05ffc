"""Writing intervals down: the INTERVAL entry, its registers commitment, and the projection row."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from hashlib import sha256

from django.db import connection

from grid.domain import entries as domain
from grid.domain.entries import EntryKind, LeafKind, Value
from grid.domain.registers import Quality
from grid.domain.slots import day_of, month_of_day
from grid.metering.models import Meter
from grid.metering.services.copying import copy_rows, microseconds
from grid.metering.services.derivation import Derived
from grid.records.queries import blocks
from grid.records.queries.keys import Owner
from grid.records.sealing import KeyHandle
from grid.records.services import NewEntry, append, keys

_COLUMNS = "log_index, known_at, slot, point_id, import_wh, export_wh, version, quality"
_pack_interval = struct.Struct("!hiqiqiiiiiiiiihih").pack
_NO_METER = bytes(32)
MAX_WH = 2**31 - 1
"""The most a row can hold: 8.6 GW through a whole slot. No connection carries it."""


@dataclass(frozen=True, slots=True)
class Version:
    """A derived slot, the number of its version, and the log index of the one it supersedes."""

    derived: Derived
    number: int = 0
    supersedes: int | None = None


def record_intervals(versions: Sequence[Version], *, now: datetime) -> None:
    """Append an INTERVAL entry for each and store its row. The caller's transaction must be open.

    The opening of the registers commitment is kept beside the entry, as its document.
    """
    versions = [_possible(version) for version in versions]
    months = {day_of(version.derived.energy.slot): date.min for version in versions}
    months = {day: month_of_day(day) for day in months}
    owners = {(v.derived.point.pk, months[day_of(v.derived.energy.slot)]) for v in versions}
    opened = keys.keys_for(owners=owners, now=now)
    hashes: dict[int, bytes] = {}
    entries = [_entry(version, months[day_of(version.derived.energy.slot)], opened, hashes) for version in versions]
    indices = append(entries=entries, now=now)
    # The log's own time of the append, which is never before the entry in front.
    _, appended_at = blocks.end()
    known_at = microseconds(appended_at or now)
    rows = []
    for version, index in zip(versions, indices, strict=True):
        energy, point = version.derived.energy, version.derived.point.number
        head = (8, 8, index, 8, known_at, 4, energy.slot, 4, point, 4, energy.import_wh, 4, energy.export_wh)
        rows.append(_pack_interval(*head, 2, version.number, 2, energy.quality))
    with connection.cursor() as cursor:
        copy_rows(cursor, f"metering_interval ({_COLUMNS})", rows)


def _possible(version: Version) -> Version:
    """Return the version, MISSING if its energy is beyond what any slot can have: a register was wrong, not the slot.

    One absurd register would otherwise keep its whole zone from being closed.
    """
    energy = version.derived.energy
    if max(energy.import_wh, energy.export_wh) <= MAX_WH:
        return version
    nothing = energy._replace(import_wh=0, export_wh=0, quality=Quality.MISSING)
    return replace(version, derived=replace(version.derived, energy=nothing))


def _entry(version: Version, month: date, opened: dict[Owner, KeyHandle], serial_hashes: dict[int, bytes]) -> NewEntry:
    derived, energy = version.derived, version.derived.energy
    point = derived.point
    handle = opened[point.pk, month]
    registers = registers_leaf(derived, handle, serial_hashes)
    fields: dict[str, Value] = {
        "point": point.word,
        "slot": energy.slot,
        "importWh": energy.import_wh,
        "exportWh": energy.export_wh,
        "quality": int(energy.quality),
        "version": version.number,
        "supersedes": version.supersedes,
        "bindingIndex": derived.binding.log_index if derived.binding else None,
        "registersCommitment": sha256(b"\x00" + registers).digest(),
    }
    return NewEntry(kind=EntryKind.INTERVAL, fields=fields, scope=point.pk, period=month, document=registers)


def registers_leaf(derived: Derived, handle: KeyHandle, serial_hashes: dict[int, bytes]) -> bytes:
    """Return the REGISTERS leaf whose hash the INTERVAL entry commits to (PROTOCOL §1)."""
    energy = derived.energy
    meter = derived.binding.meter if derived.binding else None
    before = derived.meter_before or meter
    fields: dict[str, Value] = {
        "importStart": energy.import_start,
        "importEnd": energy.import_end,
        "exportStart": energy.export_start,
        "exportEnd": energy.export_end,
        "modulus": meter.register_modulus_wh if meter else 0,
        "meterStart": _serial_hash(before, serial_hashes),
        "meterEnd": _serial_hash(meter, serial_hashes),
        "readingStart": energy.reading_start,
        "readingEnd": energy.reading_end,
        "interpolated": energy.interpolated,
    }
    salt = domain.salt(handle.key, LeafKind.REGISTERS.name, tree=derived.point.word, position=energy.slot)
    return domain.encode(LeafKind.REGISTERS, fields, salt)


def _serial_hash(meter: Meter | None, known: dict[int, bytes]) -> bytes:
    if meter is None:
        return _NO_METER
    found = known.get(meter.pk)
    if found is None:
        found = known[meter.pk] = sha256(meter.serial.encode()).digest()
    return found
