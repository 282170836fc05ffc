"""Appending to the log: salted leaves, encrypted in blocks, roots of the tree's tiles; by COPY, in one transaction."""

import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db import connection

from grid.domain import entries as domain
from grid.domain import merkle
from grid.domain.entries import EntryKind
from grid.domain.words import WORD, Value
from grid.records import forms
from grid.records.blocks import Block, encode, microseconds
from grid.records.forms import Item, SlotRow
from grid.records.queries import blocks as stored
from grid.records.queries import keys as key_queries
from grid.records.queries import tree
from grid.records.queries.keys import Owner
from grid.records.sealing import KeyHandle
from grid.records.services import keys, words

_COPY_HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_COPY_END = struct.pack("!h", -1)
_field = struct.Struct("!i").pack


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
    first, last_at, erasures = stored.end_and_erasures()
    key_queries.refresh(erasures)
    entries = build(first)
    if not entries:
        return []
    opened = keys.keys_for(owners={entry.owner for entry in entries}, now=now)
    numbers = words.intern(forms.words_of([(entry.kind, entry.fields, entry.document) for entry in entries]))
    # Time never falls in the log, so that a moment has one size (`queries.size_at`), whichever clock is ahead.
    created_at = max(now, last_at) if last_at else now
    made = []
    for start, stop in _cuts(first, len(entries)):
        items, rows = _items(entries[start:stop], first=first + start, opened=opened, numbers=numbers)
        made.append(encode(items, rows, created_at=created_at, numbers=numbers))
    with connection.cursor() as cursor:
        copy_blocks(cursor, made)
        hashes = [each for block in made for each in merkle.split_hashes(block.hashes)]
        append_tiles(cursor, first=first, hashes=hashes)
    return list(range(first, first + len(entries)))


def _cuts(first: int, count: int) -> Iterator[tuple[int, int]]:
    """Yield (start, stop) of the parts of `count` entries from index `first` that lie within one tile each."""
    start = 0
    while start < count:
        stop = min(count, start + tree.TILE - (first + start) % tree.TILE)
        yield start, stop
        start = stop


def _items(
    entries: Sequence[NewEntry], *, first: int, opened: dict[Owner, KeyHandle], numbers: dict[bytes, int]
) -> tuple[list[Item], list[SlotRow] | None]:
    """Return the entries of a block ready to be sealed, and their columns when all are slot energy."""
    items: list[Item] = []
    owner: Owner | None = None
    for index, entry in enumerate(entries, start=first):
        if entry.owner != owner:
            owner = entry.owner
            handle = opened[owner]
            scope = handle.scope.int.to_bytes(WORD, "big")
        kind = entry.kind
        leaf = domain.encode(kind, entry.fields, domain.salt(handle.key, kind.name, position=index))
        items.append(Item(index, kind, handle, scope, leaf, sha256(b"\x00" + leaf).digest(), entry.document))
    return items, _slot_rows(entries, items, numbers)


def _slot_rows(entries: Sequence[NewEntry], items: Sequence[Item], numbers: dict[bytes, int]) -> list[SlotRow] | None:
    rows = []
    for entry, item in zip(entries, items, strict=True):
        if entry.kind is not EntryKind.INTERVAL:
            return None
        row = forms.slot_row(entry.fields, entry.document, key=item.key, scope=item.scope, numbers=numbers)
        if row is None:
            return None
        rows.append(row)
    return rows


def copy_blocks(cursor: Any, blocks: Iterable[Block]) -> None:
    """Write blocks, which must follow the log's end. Only `append` and what measures it do so."""
    _copy(cursor, "records_entryblock (first, created_at, size, mac, head, hashes, data)", map(_block_row, blocks))


def _block_row(block: Block) -> bytes:
    """Return a block in COPY's binary form."""
    fixed = (7, 8, block.first, 8, microseconds(block.created_at), 2, block.size)
    parts = [struct.pack("!hiqiqih", *fixed)]
    for value in (block.mac, block.head, block.hashes, block.data):
        parts += [_field(len(value)), value]
    return b"".join(parts)


def append_tiles(cursor: Any, *, first: int, hashes: list[bytes]) -> None:
    """Write the roots of the tiles that `hashes`, beginning at leaf `first`, complete, level by level."""
    level = 0
    rows = []
    while hashes and (first % tree.TILE + len(hashes)) >= tree.TILE:
        if first % tree.TILE:
            hashes = tree.tail(level, first) + hashes
            first -= first % tree.TILE
        above = []
        for start in range(0, len(hashes) - tree.TILE + 1, tree.TILE):
            above.append(merkle.root(hashes[start : start + tree.TILE]))
            index = (first + start) // tree.TILE
            rows.append(struct.pack("!hiqihi", 3, 8, index, 2, level, merkle.HASH_SIZE) + above[-1])
        first, hashes, level = first // tree.TILE, above, level + 1
    if rows:
        _copy(cursor, "records_tile (index, level, root)", rows)


def _copy(cursor: Any, table_and_columns: str, rows: Iterable[bytes]) -> None:
    with cursor.copy(f"COPY {table_and_columns} FROM STDIN (FORMAT BINARY)") as copy:
        copy.write(_COPY_HEADER + b"".join(rows) + _COPY_END)
