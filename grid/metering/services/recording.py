"""Writing intervals down: the INTERVAL entry, its registers commitment, and the projection row."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256

from django.db import connection

from grid.domain import entries as domain
from grid.domain.entries import EntryKind, LeafKind, Value
from grid.domain.slots import day_of, month_of_day
from grid.metering.models import Meter
from grid.metering.services.copying import copy_rows, microseconds
from grid.metering.services.derivation import Derived
from grid.records.queries.keys import Owner
from grid.records.sealing import KeyHandle
from grid.records.services import NewEntry, append, keys

_COLUMNS = "point_id, slot, version, import_wh, export_wh, quality, log_index, known_at"
_pack_interval = struct.Struct("!hi16siqihiqiqihiqiq").pack
_NO_METER = bytes(32)


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
    months = {day_of(version.derived.energy.slot): date.min for version in versions}
    months = {day: month_of_day(day) for day in months}
    owners = {(v.derived.point.pk, months[day_of(v.derived.energy.slot)]) for v in versions}
    opened = keys.keys_for(owners=owners, now=now)
    hashes: dict[int, bytes] = {}
    entries = [_entry(version, months[day_of(version.derived.energy.slot)], opened, hashes) for version in versions]
    indices = append(entries=entries, now=now)
    known_at = microseconds(now)
    rows = []
    for version, index in zip(versions, indices, strict=True):
        energy = version.derived.energy
        point = version.derived.point.pk.bytes
        head = (8, 16, point, 8, energy.slot, 2, version.number, 8, energy.import_wh, 8, energy.export_wh)
        rows.append(_pack_interval(*head, 2, energy.quality, 8, index, 8, known_at))
    with connection.cursor() as cursor:
        copy_rows(cursor, f"metering_interval ({_COLUMNS})", rows)


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
