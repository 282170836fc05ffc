"""Appending to the log: salted leaf, encrypted row, tiles of the tree; all by COPY, in one transaction."""

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db import connection

from grid.domain import entries as domain
from grid.domain import merkle
from grid.domain.entries import EntryKind
from grid.domain.words import Value
from grid.records import sealing
from grid.records.queries import tree
from grid.records.queries.keys import Owner
from grid.records.sealing import KeyHandle
from grid.records.services import keys

_COPY_HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_COPY_END = struct.pack("!h", -1)
_POSTGRES_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_pack_fixed = struct.Struct("!h iq iq iq ih i").pack
_pack_length = struct.Struct("!i").pack
_NULL = _pack_length(-1)


@dataclass(frozen=True, slots=True)
class NewEntry:
    """What to append. `scope` and `period` choose the key: whose data it is, and the month it belongs to.

    `document` is the content behind a hash in the fields (a decision's canonical JSON, the opening of a
    registers commitment); it is kept encrypted beside the entry.
    """

    kind: EntryKind
    fields: dict[str, Value]
    scope: UUID
    period: date
    document: bytes | None = None

    @property
    def owner(self) -> Owner:
        return self.scope, self.period.replace(day=1)


def append(*, entries: Sequence[NewEntry], now: datetime) -> list[int]:
    """Append entries in order and return their log indices.

    The caller's transaction decides whether they happened, so it must be open; the log is locked
    until it ends. Raises ValueError that names the kind and field of an entry that cannot be encoded.
    """
    return append_with(build=lambda first: entries, now=now)


def append_with(*, build: Callable[[int], Sequence[NewEntry]], now: datetime) -> list[int]:
    """Append what `build(first index)` returns, for entries that cite one another; otherwise as `append`."""
    if not connection.in_atomic_block:
        raise RuntimeError("The log is appended to inside transaction.atomic, with the rows that cite it.")
    keys.lock_log()
    first = tree.log_size()
    entries = build(first)
    if not entries:
        return []
    opened = keys.keys_for(owners={entry.owner for entry in entries}, now=now)
    hashes, rows = _rows(entries, first=first, opened=opened, now=now)
    with connection.cursor() as cursor:
        columns = "index, key_id, created_at, kind, leaf_hash, data, document"
        _copy(cursor, f"COPY records_entry ({columns}) FROM STDIN (FORMAT BINARY)", rows)
        _append_tiles(cursor, first=first, hashes=hashes)
    return list(range(first, first + len(entries)))


def _rows(
    entries: Sequence[NewEntry], *, first: int, opened: dict[Owner, KeyHandle], now: datetime
) -> tuple[list[bytes], list[bytes]]:
    """Return leaf hashes, and rows in COPY's binary form."""
    created = (now - _POSTGRES_EPOCH) // _MICROSECOND
    hashes, rows = [], []
    owner: Owner | None = None
    for index, entry in enumerate(entries, start=first):
        if entry.owner != owner:
            owner = entry.owner
            handle = opened[owner]
        kind = entry.kind
        salt = domain.salt(handle.key, kind.name, position=index)
        leaf = domain.encode(kind, entry.fields, salt)
        leaf_hash = sha256(b"\x00" + leaf).digest()
        data = sealing.seal_leaf(handle, index, leaf_hash, leaf)
        if entry.document is None:
            document = _NULL
        else:
            seed = sealing.document_seed(index, leaf_hash)
            sealed = sealing.seal(handle, seed, sealing.pack_document(entry.document))
            document = _pack_length(len(sealed)) + sealed
        fixed = _pack_fixed(7, 8, index, 8, handle.id, 8, created, 2, kind, 32)
        rows.append(fixed + leaf_hash + _pack_length(len(data)) + data + document)
        hashes.append(leaf_hash)
    return hashes, rows


def _append_tiles(cursor: Any, *, first: int, hashes: list[bytes]) -> None:
    """Write the tiles that `hashes`, beginning at leaf `first`, complete; a full one adds a hash above."""
    level = 0
    rows = []
    while hashes and (first % tree.TILE + len(hashes)) >= tree.TILE:
        if first % tree.TILE:
            hashes = tree.tail(level, first) + hashes
            first -= first % tree.TILE
        above = []
        for start in range(0, len(hashes) - tree.TILE + 1, tree.TILE):
            tile = hashes[start : start + tree.TILE]
            above.append(merkle.root(tile))
            index = (first + start) // tree.TILE
            rows.append(
                struct.pack("!h ih iq i", 4, 2, level, 8, index, 8192) + b"".join(tile) + _pack_length(32) + above[-1]
            )
        first, hashes, level = first // tree.TILE, above, level + 1
    if rows:
        _copy(cursor, "COPY records_tile (level, index, hashes, root) FROM STDIN (FORMAT BINARY)", rows)


def _copy(cursor: Any, statement: str, rows: list[bytes]) -> None:
    with cursor.copy(statement) as copy:
        copy.write(_COPY_HEADER + b"".join(rows) + _COPY_END)
