"""Entries of the log and leaves of the run's and auction's trees, byte for byte (PROTOCOL §7).

Leaf data is 32-byte words: the kind's tag, its fields in order, and for salted kinds the salt. The tag
keeps a leaf from posing as another kind; the salt keeps a sibling hash in a proof from telling a
neighbour anything.
"""

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from hashlib import sha256

from grid.domain.words import (
    ADDRESS,
    BOOL,
    BYTES32,
    INDEX,
    INT,
    NONE,
    UINT,
    WORD,
    ZERO,
    Codec,
    Value,
    bytes32_word,
    int_word,
    uint_word,
)

__all__ = ["NONE", "TAGS", "ZERO", "DecisionKind", "EntryKind", "LeafKind", "Mode", "Suite", "Value"]


class EntryKind(IntEnum):
    """Kinds of log entries, with the number they are stored under."""

    READING = 1
    INTERVAL = 2
    BINDING = 3
    DECISION = 4
    AUCTION = 5
    TARIFF = 6
    PROFILE = 7
    RULING = 8
    KEY = 9
    TOMBSTONE = 10


class LeafKind(StrEnum):
    """Kinds of leaves outside the log: of a run, of an auction, of a tariff day, or nested in an entry."""

    REGISTERS = "REGISTERS"
    LINE = "LINE"
    HEADER = "HEADER"
    POINT = "POINT"
    ORDER = "ORDER"
    FILL = "FILL"
    TARIFF_SLOT = "TARIFF_SLOT"


class DecisionKind(IntEnum):
    """What a DECISION entry decided."""

    FORECAST = 1
    PRICE = 2
    FLAG = 3
    HOLD = 4
    OVERRIDE = 5


class Mode(IntEnum):
    """When limits meet: before delivery, or after metering (energy sharing)."""

    EX_ANTE = 0
    EX_POST = 1


class Suite(IntEnum):
    """Signature suite of a meter's key."""

    P256 = 1
    SECP256K1 = 2


Kind = EntryKind | LeafKind

TAGS: dict[str, bytes] = {
    name: bytes.fromhex(tag)
    for name, tag in (
        ("READING", "174c2de784cf83dd65f0f93b5155d4af44370c7c61c97b9b3400a416787f4f51"),
        ("INTERVAL", "9956433248ced6c3d309cc8d4e43665f2446b6f1b13f03d2b40abb1e25444729"),
        ("BINDING", "0641b0d226639dfd8bbedef35d4d9134797c10d124f4a260ea3e76e119a9b721"),
        ("DECISION", "bc84f4c1fe7b26a09fa4e33c1b5dfbd1db1a6ecd589d2f0c7fd27e8c341b2c9d"),
        ("AUCTION", "c1ff2b32408a26e65455f244c8abd9eba9a8f89260a706e78be939a918702d95"),
        ("TARIFF", "f5a7f1ffb355d24275ae851b2c740d17f168de847b2ea0b119b05e78a20b4513"),
        ("PROFILE", "fae7d0508de068c6f82abb2e248b4d72f5bbd8bdca66ba2f4f89b06c704ac453"),
        ("RULING", "12472eab4fbbc121543693dfa7d359e281745ffd444196651faf2fcdc83ea324"),
        ("KEY", "3eb9e19b3a4ffb10a10bc25e73bccf0e744fbdb2b40e7fef6ce899d53c200e01"),
        ("TOMBSTONE", "d7780468ec90304fe57d3803e482f2e2b9abbf984afef408118be322be25671c"),
        ("REGISTERS", "e851ac9056e4e2a8f6be28344aa4451b2f19030011bbe323c6c047868f9c76cd"),
        ("LINE", "853187fb79db3867e89d698987bf6e943052e141b4a1d9af4cc982d3f7cb78bf"),
        ("HEADER", "e9b20d7a85119ab92fb07257ff2d0296f3e4ac0dfc8f1071a7b54869d2d3f8be"),
        ("POINT", "03bde501cc62186152b27044feadb3e2f460d8f0590a3cb47e31fd0298d7f894"),
        ("ORDER", "e402ba3bdb0c9f4fb6c0edf45945524e60bdc7a4f9e0bcb23781cd3af13bff1d"),
        ("FILL", "db4c81cedeefda29875c70d735912468bf0f29e37eaccc332d6f79b9713e5cf2"),
        ("TARIFF_SLOT", "b94a2c3e50af75d568a0eef454d450f8e2b0cc2e276a0c5d02595dd7c4c74ddf"),
        ("ROWS", "1a7d052039e413ccc177dd0626e5eccf4adb48bb92f75151d5cb4380eea74495"),
        ("MANDATE_ORDER", "7ab92d16d66bc8055b3e7fb3bda48e863fde0c4ac4f29f71261e59b1e59f3a4d"),
        ("RUN", "c33e81d36157ce221925c859db6906c9f75e4fce0cd80465b98c613bc0cc96dc"),
    )
}
"""Word 0 of every kind: keccak256("commonwatt.KIND.v1")."""


def _fields(text: str) -> tuple[tuple[str, Codec], ...]:
    codecs = {codec.name: codec for codec in (UINT, INDEX, INT, BYTES32, ADDRESS, BOOL)}
    pairs = (item.split(":") for item in text.split())
    return tuple((name, codecs[codec]) for name, codec in pairs)


FIELDS: dict[Kind, tuple[tuple[str, Codec], ...]] = {
    EntryKind.READING: _fields("envelopeSha256:bytes32 point:bytes32 counter:uint receivedAt:uint"),
    EntryKind.INTERVAL: _fields(
        "point:bytes32 slot:uint importWh:uint exportWh:uint quality:uint version:uint supersedes:index"
        " bindingIndex:index registersCommitment:bytes32"
    ),
    EntryKind.BINDING: _fields(
        "point:bytes32 zone:bytes32 account:address meterSerialHash:bytes32 reversed:bool multiplierNum:uint"
        " multiplierDen:uint fromDay:uint toDay:index prevBinding:index coSignatureHash:bytes32"
    ),
    EntryKind.DECISION: _fields(
        "decisionKind:uint zone:bytes32 slot:uint version:uint value:int inputLogSize:uint contentHash:bytes32"
    ),
    EntryKind.AUCTION: _fields(
        "zone:bytes32 slot:uint mode:uint price:int ordersRoot:bytes32 fillsRoot:bytes32 fillCount:uint"
    ),
    EntryKind.TARIFF: _fields("zone:bytes32 day:uint tariffRoot:bytes32"),
    EntryKind.PROFILE: _fields("profileHash:bytes32 fromDay:uint"),
    EntryKind.RULING: _fields("zone:bytes32 day:uint point:bytes32 contentHash:bytes32"),
    EntryKind.KEY: _fields("meterSerialHash:bytes32 publicKeyHash:bytes32 suite:uint fromCounter:uint toCounter:index"),
    EntryKind.TOMBSTONE: _fields("scope:bytes32 period:uint keyHash:bytes32"),
    LeafKind.REGISTERS: _fields(
        "importStart:uint importEnd:uint exportStart:uint exportEnd:uint modulus:uint meterStart:bytes32"
        " meterEnd:bytes32 readingStart:index readingEnd:index interpolated:bool"
    ),
    LeafKind.LINE: _fields(
        "slot:uint intervalIndex:uint orderHash:bytes32 fillIndex:index holdIndex:index importWh:uint"
        " exportWh:uint boughtWh:uint soldWh:uint amount:int runningTotal:int"
    ),
    LeafKind.HEADER: _fields(
        "slot:uint localPrice:int tariffIndex:uint feePrice:uint importPrice:int exportPrice:int buyNum:uint"
        " buyDen:uint sellNum:uint sellDen:uint priceIndex:index auctionIndex:index boughtWh:uint soldWh:uint"
        " mismatchWh:int memberImportWh:uint memberExportWh:uint feederWh:int feeAmount:int"
        " residualAmount:int"
    ),
    LeafKind.POINT: _fields(
        "runKey:bytes32 sequence:uint point:bytes32 account:address dayNet:int accountPoints:uint linesRoot:bytes32"
    ),
    LeafKind.ORDER: _fields(
        "orderHash:bytes32 point:bytes32 account:address side:uint limitPrice:int quantityWh:uint acceptedAt:uint"
    ),
    LeafKind.FILL: _fields("orderHash:bytes32 point:bytes32 side:uint quantityWh:uint price:int"),
    LeafKind.TARIFF_SLOT: _fields("slot:uint importPrice:int exportPrice:int feePrice:uint"),
}
"""The fields between tag and salt, in order, with their types."""

UNSALTED: frozenset[Kind] = frozenset({LeafKind.TARIFF_SLOT})


@dataclass(frozen=True, slots=True)
class _Layout:
    name: str
    tag: bytes
    writers: tuple[tuple[str, Callable[[Value], bytes]], ...]
    readers: tuple[tuple[str, Callable[[bytes], Value]], ...]
    salted: bool
    size: int


def _layout(kind: Kind) -> _Layout:
    fields, salted = FIELDS[kind], kind not in UNSALTED
    return _Layout(
        name=kind.name,
        tag=TAGS[kind.name],
        writers=tuple((name, codec.write) for name, codec in fields),
        readers=tuple((name, codec.read) for name, codec in fields),
        salted=salted,
        size=WORD * (1 + len(fields) + salted),
    )


_LAYOUTS: dict[Kind, _Layout] = {kind: _layout(kind) for kind in FIELDS}


def encoded_size(kind: Kind) -> int:
    """Return the length in bytes of an entry or leaf of this kind."""
    return _LAYOUTS[kind].size


def encode(kind: Kind, fields: Mapping[str, Value], salt: bytes | None = None) -> bytes:
    """Return the leaf data of an entry or leaf. `salt` is left out for TARIFF_SLOT only.

    Raises ValueError that names the field: missing, unknown, of the wrong length or out of range.
    """
    layout = _LAYOUTS[kind]
    words = [layout.tag]
    for name, write in layout.writers:
        try:
            words.append(write(fields[name]))
        except KeyError:
            raise ValueError(f"{layout.name}.{name} is missing") from None
        except ValueError as error:
            raise ValueError(f"{layout.name}.{name}: {error}") from None
    if len(fields) != len(layout.writers):
        known = {name for name, _ in layout.writers}
        raise ValueError(f"{layout.name} has no field {', '.join(sorted(set(fields) - known))}")
    if layout.salted:
        if not isinstance(salt, bytes) or len(salt) != WORD:
            raise ValueError(f"{layout.name}.salt is not 32 bytes")
        words.append(salt)
    elif salt is not None:
        raise ValueError(f"{layout.name} takes no salt")
    return b"".join(words)


def decode(kind: Kind, data: bytes) -> dict[str, Value]:
    """Return the fields of leaf data, and its "salt" where the kind has one.

    Raises ValueError that names what is wrong: length, tag, or the field whose word no writer makes.
    """
    layout = _LAYOUTS[kind]
    if len(data) != layout.size:
        raise ValueError(f"{layout.name} has {len(data)} bytes instead of {layout.size}")
    if data[:WORD] != layout.tag:
        raise ValueError(f"{layout.name}: word 0 is not the tag of this kind")
    fields: dict[str, Value] = {}
    for position, (name, read) in enumerate(layout.readers, start=1):
        try:
            fields[name] = read(data[position * WORD : (position + 1) * WORD])
        except ValueError as error:
            raise ValueError(f"{layout.name}.{name} {error}") from None
    if layout.salted:
        fields["salt"] = data[-WORD:]
    return fields


def kind_of(data: bytes) -> Kind:
    """Return the kind that word 0 of leaf data names. Raises ValueError for an unknown tag."""
    for kind, layout in _LAYOUTS.items():
        if data[:WORD] == layout.tag:
            return kind
    raise ValueError("word 0 is no known tag")


def salt(key: bytes, kind_name: str, *, tree: bytes = ZERO, sequence: int = 0, position: int) -> bytes:
    """Return the salt of one leaf: HMAC-SHA256(key, tag || tree || sequence || position).

    `key` is the key of the scope and month; `tree` is zero for the log (PROTOCOL §7).
    """
    message = TAGS[kind_name] + tree + sequence.to_bytes(WORD, "big") + position.to_bytes(WORD, "big")
    return hmac.digest(key, message, "sha256")


def run_key(zone: bytes, day: int) -> bytes:
    """Return the key of a zone's settlement of a day: sha256(tag(RUN) || zone || day)."""
    return sha256(TAGS["RUN"] + bytes32_word(zone) + uint_word(day)).digest()


def auction_tree(zone: bytes, slot: int) -> bytes:
    """Return the tree id in the salts of an auction's leaves: sha256(tag(AUCTION) || zone || slot)."""
    return sha256(TAGS["AUCTION"] + bytes32_word(zone) + uint_word(slot)).digest()


def mandate_order_hash(
    *, mandate: bytes, point: bytes, slot: int, side: int, limit_price: int, quantity_wh: int
) -> bytes:
    """Return the hash of an order made from a mandate; `mandate` is the mandate's EIP-712 struct hash.

    sha256(tag(MANDATE_ORDER) || mandate || point || slot || side || limitPrice || quantityWh).
    """
    words = [TAGS["MANDATE_ORDER"], bytes32_word(mandate), bytes32_word(point), uint_word(slot)]
    words += [uint_word(side), int_word(limit_price), uint_word(quantity_wh)]
    return sha256(b"".join(words)).digest()
