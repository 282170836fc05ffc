"""Cases of entries.json: every kind of entry and leaf as fields, bytes and leaf hash."""

from hashlib import sha256
from typing import Any

from grid.domain import entries, merkle
from grid.domain.entries import FIELDS, TAGS, UNSALTED, EntryKind, Kind, LeafKind, Value

KEY = sha256(b"log key").digest()
TREE = sha256(b"a tree").digest()

_TYPICAL: dict[str, Value] = {
    "slot": 1_920_000,
    "day": 20_000,
    "fromDay": 20_000,
    "toDay": None,
    "toCounter": None,
    "supersedes": None,
    "fillIndex": None,
    "holdIndex": None,
    "importWh": 240,
    "exportWh": 15,
    "reversed": False,
    "interpolated": True,
    "price": -3_500,
    "amount": -72_001,
    "runningTotal": -144_002,
    "exportPrice": -10_000,
    "modulus": 1_000_000_000,
    "period": 19_997,
}
_SMALLEST: dict[str, Value] = {"uint": 0, "index": None, "int": -(2**95), "bool": False}
_LARGEST: dict[str, Value] = {"uint": 2**64 - 2, "index": 2**64 - 2, "int": 2**95 - 1, "bool": True}


def _bytes(kind: Kind, name: str, length: int) -> bytes:
    return sha256(f"{kind.name}.{name}".encode()).digest()[:length]


def typical_fields(kind: Kind) -> dict[str, Value]:
    """Fields of everyday size; bytes differ from field to field, so that a swap shows."""
    fields: dict[str, Value] = {}
    for place, (name, codec) in enumerate(FIELDS[kind]):
        if codec.name in ("bytes32", "address"):
            fields[name] = _bytes(kind, name, 32 if codec.name == "bytes32" else 20)
        else:
            fields[name] = _TYPICAL.get(name, codec.name == "bool" or 1000 + place)
    return fields


def _edge_fields(kind: Kind, values: dict[str, Value], filler: int) -> dict[str, Value]:
    lengths = {"bytes32": 32, "address": 20}
    return {
        name: bytes([filler]) * lengths[codec.name] if codec.name in lengths else values[codec.name]
        for name, codec in FIELDS[kind]
    }


def _shown(value: Value) -> str | bool | None:
    if isinstance(value, bytes):
        return "0x" + value.hex()
    return value if value is None or isinstance(value, bool) else str(value)


def _case(kind: Kind, case: str, fields: dict[str, Value], salt: bytes) -> dict[str, Any]:
    used = None if kind in UNSALTED else salt
    data = entries.encode(kind, fields, used)
    return {
        "kind": kind.name,
        "case": case,
        "fields": {name: _shown(value) for name, value in fields.items()},
        "salt": _shown(used),
        "data": "0x" + data.hex(),
        "leafHash": "0x" + merkle.leaf_hash(data).hex(),
    }


def _salt_case(name: str, tree: bytes, sequence: int, position: int) -> dict[str, Any]:
    made = entries.salt(KEY, name, tree=tree, sequence=sequence, position=position)
    return {
        "key": "0x" + KEY.hex(),
        "kind": name,
        "tree": "0x" + tree.hex(),
        "sequence": str(sequence),
        "position": str(position),
        "salt": "0x" + made.hex(),
    }


def document() -> dict[str, Any]:
    zone, point = bytes(16) + bytes(range(16)), bytes(16) + bytes(range(16, 32))
    cases = []
    for kind in (*EntryKind, *LeafKind):
        cases.append(_case(kind, "typical", typical_fields(kind), sha256(kind.name.encode()).digest()))
        cases.append(_case(kind, "smallest", _edge_fields(kind, _SMALLEST, 0), bytes(32)))
        cases.append(_case(kind, "largest", _edge_fields(kind, _LARGEST, 255), b"\xff" * 32))
    order = {"point": point, "slot": 1_920_000, "side": 1, "limit_price": -5_000, "quantity_wh": 800}
    return {
        "about": [
            "data = tag || one 32-byte word per field, in the order given || salt; leafHash = sha256(0x00 || data).",
            "Integers are decimal; null is an absent index or day and is written as 2**64 - 1.",
            "salt = HMAC-SHA256(key, tag || tree || sequence || position), the last two as 32-byte words.",
        ],
        "tags": {name: "0x" + tag.hex() for name, tag in TAGS.items()},
        "entryNumbers": {kind.name: int(kind) for kind in EntryKind},
        "cases": cases,
        "salts": [
            _salt_case("READING", bytes(32), 0, 0),
            _salt_case("INTERVAL", bytes(32), 0, 2**40),
            _salt_case("LINE", TREE, 3, 1_920_000),
            _salt_case("REGISTERS", TREE, 0, 1_920_000),
        ],
        "runKey": {
            "zone": "0x" + zone.hex(),
            "day": "20000",
            "key": "0x" + entries.run_key(zone, 20_000).hex(),
        },
        "auctionTree": {
            "zone": "0x" + zone.hex(),
            "slot": "1920000",
            "tree": "0x" + entries.auction_tree(zone, 1_920_000).hex(),
        },
        "mandateOrder": {
            "mandate": "0x" + TREE.hex(),
            **{name: _shown(value) for name, value in order.items()},
            "hash": "0x" + entries.mandate_order_hash(mandate=TREE, **order).hex(),
        },
    }
