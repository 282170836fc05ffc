"""Entries to append: profiles are the shortest kind, intervals the most frequent."""

from dataclasses import replace
from datetime import UTC, date, datetime
from hashlib import sha256
from uuid import UUID

from django.db import transaction

from grid.domain import entries as domain
from grid.domain.entries import EntryKind, LeafKind, encode
from grid.domain.words import Value
from grid.records.services import NewEntry, append, keys

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
ZONE = UUID(int=0x2A)
POINT = UUID(int=0x7)
PERIOD = date(2026, 5, 1)


def profile(number: int, *, scope: UUID = ZONE, document: bytes | None = None) -> NewEntry:
    fields: dict[str, Value] = {"profileHash": sha256(b"%d" % number).digest(), "fromDay": number}
    return NewEntry(EntryKind.PROFILE, fields, scope, PERIOD, document)


def registers() -> bytes:
    """The opening of a registers commitment."""
    fields: dict[str, Value] = {
        "importStart": 1_000,
        "importEnd": 1_250,
        "exportStart": 0,
        "exportEnd": 3,
        "modulus": 10**9,
        "meterStart": b"\x01" * 32,
        "meterEnd": b"\x01" * 32,
        "readingStart": 5,
        "readingEnd": None,
        "interpolated": False,
    }
    return encode(LeafKind.REGISTERS, fields, b"\x05" * 32)


def interval(slot: int, *, document: bytes | None = None) -> NewEntry:
    fields: dict[str, Value] = {
        "point": POINT.int.to_bytes(32, "big"),
        "slot": slot,
        "importWh": 250,
        "exportWh": 3,
        "quality": 0,
        "version": 0,
        "supersedes": None,
        "bindingIndex": 0,
        "registersCommitment": sha256(b"registers").digest(),
    }
    return NewEntry(EntryKind.INTERVAL, fields, POINT, PERIOD, document)


def slot_energy(slot: int, *, point: UUID = POINT, **changed: Value) -> NewEntry:
    """An INTERVAL as metering writes it: its commitment is the hash of the registers kept beside it."""
    word = point.int.to_bytes(32, "big")
    key = keys.key_for(scope=point, period=PERIOD, now=NOW)
    opening: dict[str, Value] = {
        "importStart": 1_000 * slot,
        "importEnd": 1_000 * slot + 250,
        "exportStart": 7,
        "exportEnd": 10,
        "modulus": 10**9,
        "meterStart": b"\x01" * 32,
        "meterEnd": b"\x01" * 32,
        "readingStart": 5,
        "readingEnd": 6,
        "interpolated": False,
    }
    opening |= {name: value for name, value in changed.items() if name in opening}
    salt = domain.salt(key.key, "REGISTERS", tree=word, position=slot)
    document = encode(LeafKind.REGISTERS, opening, salt)
    entry = interval(slot, document=document)
    fields = {name: value for name, value in changed.items() if name not in opening}
    commitment = sha256(b"\x00" + document).digest()
    return replace(
        entry, fields=entry.fields | {"point": word, "registersCommitment": commitment} | fields, scope=point
    )


def flip(table: str, column: str, bit: int, where: str) -> str:
    """A statement that flips one bit of a row of the log."""
    return f"UPDATE records_{table} SET {column} = set_bit({column}, {bit}, 1 - get_bit({column}, {bit})) WHERE {where}"


def grow(count: int, *, start: int = 0) -> list[int]:
    """Append `count` profiles in one transaction."""
    with transaction.atomic():
        return append(entries=[profile(number) for number in range(start, start + count)], now=NOW)
