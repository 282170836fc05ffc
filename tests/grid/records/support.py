"""Entries to append: profiles are the shortest kind, intervals the most frequent."""

from datetime import UTC, date, datetime
from hashlib import sha256
from uuid import UUID

from django.db import connection, transaction

from grid.domain.entries import EntryKind, LeafKind, encode
from grid.domain.words import Value
from grid.records.services import NewEntry, append

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


def tamper(statement: str) -> None:
    """Change rows as somebody with the database's own rights could."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement)
        cursor.execute("SET LOCAL session_replication_role = origin")


def flip(table: str, column: str, bit: int, where: str) -> str:
    """A statement that flips one bit of a row of the log."""
    return f"UPDATE records_{table} SET {column} = set_bit({column}, {bit}, 1 - get_bit({column}, {bit})) WHERE {where}"


def grow(count: int, *, start: int = 0) -> list[int]:
    """Append `count` profiles in one transaction."""
    with transaction.atomic():
        return append(entries=[profile(number) for number in range(start, start + count)], now=NOW)
