"""Blocks of entries, byte for byte: how up to 256 neighbouring entries of one append become one row.

`hashes` holds their leaf hashes. `data` holds each entry's sealed form (`grid.records.forms`), one behind
the other. `head` is in the clear: how the entries are laid out, a nonce, their kinds, the ids of their
keys, and the layout of `data`:

    form 1 | nonce 11 | kinds: 0, kind, or 1, one each | key ids: width, lowest, one each | layout

A number of unknown length stands behind its length in bytes. Layout of form 0 (words): width, then the
length of each entry's data. Layout of form 1 (slots): width and lowest value of each column.

Each entry is encrypted by AES-256 in the counter mode of GCM, under its own key and the block's random
nonce with its position in it. It carries no tag: the leaf hash, under a salt that only the key's holder
can make, vouches for what is opened (ADR 0016).
"""

import hmac
import os
import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID

from grid.domain.entries import EntryKind
from grid.domain.words import WORD
from grid.records import forms, log_key
from grid.records.errors import LogDamaged
from grid.records.forms import COLUMNS, Item, SlotRow
from grid.records.sealing import KeyHandle

LARGEST = 256
MAC_SIZE = 16
_HASH = 32
_NONCE = 11
_WORDS, _SLOTS = 0, 1
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Block:
    """A row of the table of blocks."""

    first: int
    created_at: datetime
    size: int
    mac: bytes
    head: bytes
    hashes: bytes
    data: bytes

    def leaf_hash(self, index: int) -> bytes:
        """Return the leaf hash of one of its entries."""
        start = (index - self.first) * _HASH
        return self.hashes[start : start + _HASH]


@dataclass(frozen=True, slots=True)
class Layout:
    """What a block's head says."""

    nonce: bytes
    kinds: bytes
    key_ids: tuple[int, ...]
    form: int
    sizes: tuple[int, ...]
    columns: tuple[tuple[int, int], ...]

    def kind(self, position: int) -> EntryKind:
        return EntryKind(self.kinds[position if len(self.kinds) > 1 else 0])


def microseconds(moment: datetime) -> int:
    """Return a moment as PostgreSQL's timestamptz counts it."""
    return (moment - _EPOCH) // _MICROSECOND


def mac(*, first: int, created_at: datetime, size: int, head: bytes, hashes: bytes, data: bytes) -> bytes:
    """Return the mark by which a check of the log sees that any column of a block was changed."""
    place = struct.pack(">qqHII", first, microseconds(created_at), size, len(head), len(hashes))
    return log_key.mac(b"block" + place + head + hashes + data)[:MAC_SIZE]


def encode(
    items: Sequence[Item],
    rows: Sequence[SlotRow] | None,
    *,
    created_at: datetime,
    numbers: Mapping[bytes, int],
) -> Block:
    """Return the block of some entries, whose `rows` are there when all of them are slot energy."""
    nonce = os.urandom(_NONCE)
    if rows is None:
        plain = [forms.pack(item, numbers) for item in items]
        layout = _numbers([len(each) for each in plain], lowest=False)
    else:
        plain, layout = _columns(rows)
    sealed = [
        # GCM's ciphertext without its tag is AES in counter mode.
        item.key.cipher.encrypt(nonce + bytes([position]), each, None)[: len(each)]
        for position, (item, each) in enumerate(zip(items, plain, strict=True))
    ]
    kinds = {item.kind for item in items}
    head = b"".join(
        (
            bytes([_WORDS if rows is None else _SLOTS]),
            nonce,
            bytes([0, *kinds]) if len(kinds) == 1 else bytes([1, *(item.kind for item in items)]),
            _numbers([item.key.id for item in items]),
            layout,
        )
    )
    hashes, data = b"".join([item.leaf_hash for item in items]), b"".join(sealed)
    first, size = items[0].index, len(items)
    mark = mac(first=first, created_at=created_at, size=size, head=head, hashes=hashes, data=data)
    return Block(first, created_at, size, mark, head, hashes, data)


def layout_of(block: Block) -> Layout:
    """Return what a block's head says. Raises LogDamaged when it says nothing."""
    try:
        return _layout(block)
    except (IndexError, ValueError):
        raise LogDamaged(
            f"The head of the block of entries {block.first} to {block.first + block.size - 1} was changed."
        ) from None


def _layout(block: Block) -> Layout:
    reader = _Reader(block.head)
    form, nonce = reader.byte(), reader.take(_NONCE)
    kinds = reader.take(block.size if reader.byte() else 1)
    key_ids = reader.numbers(block.size)
    if form == _SLOTS:
        columns = tuple((reader.byte(), reader.number() if based else 0) for _, _, based in COLUMNS)
        sizes = (sum(width for width, _ in columns),) * block.size
    elif form == _WORDS:
        columns, sizes = (), reader.numbers(block.size, lowest=False)
    else:
        raise ValueError("an unknown form")
    if not reader.at_end or sum(sizes) != len(block.data) or len(block.hashes) != block.size * _HASH:
        raise ValueError("lengths that do not fit")
    return Layout(nonce, kinds, key_ids, form, sizes, columns)


def open_entry(
    block: Block, layout: Layout, index: int, *, key: KeyHandle, scope: UUID, book: Mapping[int, bytes]
) -> tuple[EntryKind, bytes, bytes | None]:
    """Return kind, leaf and document of an entry. Raises LogDamaged that names it when anything differs."""
    position = index - block.first
    start = position * layout.sizes[0] if layout.form == _SLOTS else sum(layout.sizes[:position])
    sealed = block.data[start : start + layout.sizes[position]]
    plain = key.cipher.encrypt(layout.nonce + bytes([position]), sealed, None)[: len(sealed)]
    leaf_hash, word = block.leaf_hash(index), scope.int.to_bytes(WORD, "big")
    try:
        kind = layout.kind(position)
        document: bytes | None
        if layout.form == _SLOTS:
            row = _row(plain, layout.columns)
            leaf, document = forms.from_slot_row(row, index=index, key=key, scope=word, book=book)
        else:
            leaf, document = forms.unpack(
                plain, kind=kind, index=index, key=key, scope=word, leaf_hash=leaf_hash, book=book
            )
    except KeyError as error:
        raise LogDamaged(f"Entry {index} cites word {error}, and there is none.") from None
    except (ValueError, IndexError, OverflowError, struct.error, zlib.error):
        raise _damaged(index) from None
    if not hmac.compare_digest(sha256(b"\x00" + leaf).digest(), leaf_hash):
        raise _damaged(index)
    return kind, leaf, document


def _damaged(index: int) -> LogDamaged:
    return LogDamaged(f"Entry {index} does not open to its leaf hash: its data, hash, kind or key was changed.")


def _columns(rows: Sequence[SlotRow]) -> tuple[list[bytes], bytes]:
    """Return the rows as bytes of one length, and the layout that reads them."""
    layout, parts = [], []
    for (_, least, based), column in zip(COLUMNS, zip(*rows, strict=True), strict=True):
        lowest = min(column) if based else 0
        width = max(least, (max(column) - lowest).bit_length() + 7 >> 3)
        layout.append(bytes([width]) + (_number(lowest) if based else b""))
        if width:
            parts.append([(value - lowest).to_bytes(width, "big") for value in column])
    return [b"".join(row) for row in zip(*parts, strict=True)], b"".join(layout)


def _row(plain: bytes, columns: Sequence[tuple[int, int]]) -> SlotRow:
    row, position = [], 0
    for width, lowest in columns:
        row.append(lowest + int.from_bytes(plain[position : position + width], "big"))
        position += width
    return tuple(row)


def _number(value: int) -> bytes:
    """Return a number behind its length."""
    size = value.bit_length() + 7 >> 3
    return bytes([size]) + value.to_bytes(size, "big")


def _numbers(values: Sequence[int], *, lowest: bool = True) -> bytes:
    """Return the width of each number, the lowest of them, and by how much each is above it."""
    base = min(values) if lowest else 0
    width = (max(values) - base).bit_length() + 7 >> 3
    start = bytes([width]) + (_number(base) if lowest else b"")
    return start + b"".join([(value - base).to_bytes(width, "big") for value in values])


class _Reader:
    """Reads a head from its start; raises IndexError or ValueError beyond its end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def at_end(self) -> bool:
        return self._at == len(self._data)

    def byte(self) -> int:
        self._at += 1
        return self._data[self._at - 1]

    def take(self, size: int) -> bytes:
        self._at += size
        if self._at > len(self._data):
            raise ValueError("too short")
        return self._data[self._at - size : self._at]

    def number(self) -> int:
        return int.from_bytes(self.take(self.byte()), "big")

    def numbers(self, count: int, *, lowest: bool = True) -> tuple[int, ...]:
        width = self.byte()
        base = self.number() if lowest else 0
        if not width:
            return (base,) * count
        packed = self.take(width * count)
        return tuple(base + int.from_bytes(packed[at : at + width], "big") for at in range(0, len(packed), width))
