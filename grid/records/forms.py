"""What an entry's sealed bytes say: two forms, both shorter than the leaf and giving it back exactly.

A leaf's tag, salt and hash can be derived, as can a word that is the key's scope, or the hash of the
document kept with the entry; none of these is stored. Slot energy, of which there is most, stands in
columns of one width per block (`slot_row`); every other kind as words without leading zeros (`pack`).
"""

import hmac
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from grid.domain import entries as domain
from grid.domain.entries import EntryKind, Value
from grid.domain.words import NONE, WORD, ZERO
from grid.records import sealing
from grid.records.errors import LogDamaged
from grid.records.sealing import KeyHandle

INTERNED: Final = frozenset({"meterSerialHash"})
"""Fields whose words many entries repeat, as do the meters of slot energy: stored once, in the table of words."""

_NONE_WORD = NONE.to_bytes(WORD, "big")
_IS_NONE, _IS_SCOPE, _IS_CONTENT, _IS_LEAF, _IS_INTERNED = range(WORD + 1, WORD + 6)
_NO_DOCUMENT, _BOUND, _TAGGED = range(3)
_TAG_SIZE = 16


@dataclass(slots=True)
class Item:
    """An entry with everything that its sealed form is made from or checked against."""

    index: int
    kind: EntryKind
    key: KeyHandle
    scope: bytes
    """The key's scope as a word."""
    leaf: bytes
    leaf_hash: bytes
    document: bytes | None


def words_of(entries: Sequence[tuple[EntryKind, Mapping[str, Value], bytes | None]]) -> set[bytes]:
    """Return the words of an append that belong into the table of words."""
    found: set[Value] = set()
    for kind, fields, document in entries:
        if kind is EntryKind.INTERVAL:
            if document is not None and len(document) == _REGISTERS.size:
                found.update(_REGISTERS.unpack(document)[6:8])
        else:
            found.update(fields[name] for name in INTERNED & fields.keys())
    return {word for word in found if isinstance(word, bytes) and word != ZERO}


# Words --------------------------------------------------------------------------------------------


def pack(item: Item, numbers: Mapping[bytes, int]) -> bytes:
    """Return an entry's fields, each after its length or a sign that it is derived, then its document."""
    content = item.document
    hashes = (b"", b"") if content is None else (sha256(content).digest(), sha256(b"\x00" + content).digest())
    parts, bound = [], False
    for position, (name, _) in enumerate(domain.FIELDS[item.kind], start=1):
        word = item.leaf[position * WORD : (position + 1) * WORD]
        if word == item.scope:
            parts.append(bytes([_IS_SCOPE]))
        elif word in hashes:
            bound = True
            parts.append(bytes([_IS_CONTENT if word == hashes[0] else _IS_LEAF]))
        elif word == _NONE_WORD:
            parts.append(bytes([_IS_NONE]))
        elif name in INTERNED and word in numbers:
            parts.append(bytes([_IS_INTERNED]) + numbers[word].to_bytes(4, "big"))
        else:
            short = word.lstrip(b"\x00")
            parts.append(bytes([len(short)]) + short)
    if content is None:
        parts.append(bytes([_NO_DOCUMENT]))
    elif bound:
        parts.append(bytes([_BOUND]) + sealing.pack_document(content))
    else:
        # No field vouches for it, so a tag does.
        parts.append(bytes([_TAGGED]) + _document_tag(item.key, item.leaf_hash, content))
        parts.append(sealing.pack_document(content))
    return b"".join(parts)


def unpack(
    packed: bytes,
    *,
    kind: EntryKind,
    index: int,
    key: KeyHandle,
    scope: bytes,
    leaf_hash: bytes,
    book: Mapping[int, bytes],
) -> tuple[bytes, bytes | None]:
    """Return leaf and document of what `pack` returned. Raises LogDamaged when the document has another tag."""
    count = len(domain.FIELDS[kind])
    position = 0
    words: list[bytes | int] = []
    for _ in range(count):
        sign = packed[position]
        position += 1
        if sign <= WORD:
            words.append(packed[position : position + sign].rjust(WORD, b"\x00"))
            position += sign
        elif sign == _IS_INTERNED:
            words.append(book[int.from_bytes(packed[position : position + 4], "big")])
            position += 4
        else:
            words.append({_IS_NONE: _NONE_WORD, _IS_SCOPE: scope}.get(sign, sign))
    mark, rest = packed[position], packed[position + 1 :]
    tag, rest = (rest[:_TAG_SIZE], rest[_TAG_SIZE:]) if mark == _TAGGED else (b"", rest)
    content = None if mark == _NO_DOCUMENT else sealing.unpack_document(rest)
    if mark == _TAGGED and not hmac.compare_digest(tag, _document_tag(key, leaf_hash, content or b"")):
        raise LogDamaged(f"The document of entry {index} was changed.")
    parts = [domain.TAGS[kind.name]]
    for word in words:
        parts.append(word if isinstance(word, bytes) else _content_hash(word, content))
    parts.append(domain.salt(key.key, kind.name, position=index))
    return b"".join(parts), content


def _content_hash(sign: int, content: bytes | None) -> bytes:
    if content is None or sign not in (_IS_CONTENT, _IS_LEAF):
        raise ValueError("a word stands for nothing")
    return sha256(content if sign == _IS_CONTENT else b"\x00" + content).digest()


def _document_tag(key: KeyHandle, leaf_hash: bytes, content: bytes) -> bytes:
    return hmac.digest(key.key, b"commonwatt.document.v1" + leaf_hash + content, "sha256")[:_TAG_SIZE]


# Slots --------------------------------------------------------------------------------------------

_REGISTERS = struct.Struct(">32s 24xQ24xQ24xQ24xQ24xQ 32s32s 24xQ24xQ24xQ 32s")
_REGISTERS_TAG = domain.TAGS["REGISTERS"]

COLUMNS: Final = (
    # name, least width, counted from the block's lowest (in the clear, so never what a home used)
    ("slot", 0, True),
    ("importWh", 2, False),
    ("exportWh", 2, False),
    ("quality", 1, False),
    ("version", 0, True),
    ("supersedes", 0, False),
    ("bindingIndex", 0, True),
    ("importStart", 4, False),
    ("importEnd", 0, False),
    ("exportStart", 4, False),
    ("exportEnd", 0, False),
    ("modulus", 0, True),
    ("meterStart", 0, True),
    ("meterEnd", 0, False),
    ("readingStart", 0, True),
    ("readingEnd", 0, False),
    ("interpolated", 0, False),
)
"""Columns of slot energy. The least widths keep a length from telling whether a home fed in or used little."""

SlotRow = tuple[int, ...]


def slot_row(
    fields: Mapping[str, Value], document: bytes | None, *, key: KeyHandle, scope: bytes, numbers: Mapping[bytes, int]
) -> SlotRow | None:
    """Return an INTERVAL's columns, or None when they would not give back its fields and document exactly.

    What is usual is 0: no predecessor, registers that differ by the slot's energy, one meter at both ends.
    """
    if document is None or len(document) != _REGISTERS.size or fields["point"] != scope:
        return None
    values = _REGISTERS.unpack(document)
    tag, import_start, import_end, export_start, export_end, modulus, meter, last, start, end, interp, salt = values
    slot, imported, exported = fields["slot"], fields["importWh"], fields["exportWh"]
    if (
        tag != _REGISTERS_TAG
        or _REGISTERS.pack(*values) != document
        or fields["registersCommitment"] != sha256(b"\x00" + document).digest()
        or salt != domain.salt(key.key, "REGISTERS", tree=scope, position=slot)  # type: ignore[arg-type]
    ):
        return None
    number = numbers[meter]
    start = (start + 1) & NONE
    return (  # type: ignore[return-value]
        slot,
        imported,
        exported,
        fields["quality"],
        fields["version"],
        _from_index(fields["supersedes"]),
        _from_index(fields["bindingIndex"]),
        import_start,
        _fold(import_end - import_start - imported),
        export_start,
        _fold(export_end - export_start - exported),
        modulus,
        number,
        _fold(numbers[last] - number),
        start,
        _fold(((end + 1) & NONE) - start),
        interp,
    )


def from_slot_row(
    row: SlotRow, *, index: int, key: KeyHandle, scope: bytes, book: Mapping[int, bytes]
) -> tuple[bytes, bytes]:
    """Return leaf and document of a `slot_row`."""
    slot, imported, exported, quality, version, supersedes, binding = row[:7]
    import_start, import_more, export_start, export_more, modulus, meter, meter_more, start, more, interp = row[7:]
    salt = domain.salt(key.key, "REGISTERS", tree=scope, position=slot)
    document = _REGISTERS.pack(
        _REGISTERS_TAG,
        import_start,
        import_start + imported + _unfold(import_more),
        export_start,
        export_start + exported + _unfold(export_more),
        modulus,
        book[meter],
        book[meter + _unfold(meter_more)],
        (start - 1) & NONE,
        (start + _unfold(more) - 1) & NONE,
        interp,
        salt,
    )
    fields: dict[str, Value] = {
        "point": scope,
        "slot": slot,
        "importWh": imported,
        "exportWh": exported,
        "quality": quality,
        "version": version,
        "supersedes": _to_index(supersedes),
        "bindingIndex": _to_index(binding),
        "registersCommitment": sha256(b"\x00" + document).digest(),
    }
    return domain.encode(EntryKind.INTERVAL, fields, domain.salt(key.key, "INTERVAL", position=index)), document


def _from_index(value: Value) -> int:
    return 0 if value is None else int(value) + 1


def _to_index(value: int) -> int | None:
    return value - 1 if value else None


def _fold(value: int) -> int:
    """Return a signed number as an unsigned one: 0, -1, 1, -2 become 0, 1, 2, 3."""
    return value << 1 if value >= 0 else (-value << 1) - 1


def _unfold(value: int) -> int:
    return -(value + 1 >> 1) if value & 1 else value >> 1
