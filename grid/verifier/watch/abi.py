"""Call data of the contracts, from plain values: the part of Solidity's ABI that claims need.

Types are written as in a function's signature. A tuple's value is a sequence, a NamedTuple or a dataclass whose
fields stand in the ABI's order.
"""

from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from grid.domain.keccak import keccak256

WORD = 32


def call_data(function: str, signature: str, arguments: Sequence[Any]) -> bytes:
    """Return the call data of `function(signature)`; `signature` is the list of types in brackets."""
    return keccak256((function + signature).encode())[:4] + encode(signature, arguments)


def encode(kind: str, value: Any) -> bytes:
    """Return the ABI encoding of a value. Raises ValueError for a value that its type cannot hold."""
    if kind.endswith("]"):
        return _encode_array(kind, value)
    if kind.startswith("("):
        return _join(members(kind), _sequence(value))
    if kind == "bytes":
        return _number(len(value)) + bytes(value) + bytes(-len(value) % WORD)
    if kind == "bytes32":
        if len(value) != WORD:
            raise ValueError(f"{kind} has {len(value)} bytes")
        return bytes(value)
    if kind == "address":
        if len(value) != 20:
            raise ValueError(f"{kind} has {len(value)} bytes")
        return bytes(12) + bytes(value)
    bits = int(kind.lstrip("uint") or 256)
    least, most = (0, 2**bits) if kind.startswith("u") else (-(2 ** (bits - 1)), 2 ** (bits - 1))
    if not least <= int(value) < most:
        raise ValueError(f"{value} is no {kind}")
    return int(value).to_bytes(WORD, "big", signed=least < 0)


def members(kind: str) -> list[str]:
    """Return the types in a tuple's brackets."""
    found, depth, start = [], 0, 1
    for at, letter in enumerate(kind[1:-1], start=1):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            found.append(kind[start:at])
            start = at + 1
    return [*found, kind[start:-1]] if kind != "()" else []


def _encode_array(kind: str, value: Any) -> bytes:
    inner, _, count = kind[:-1].rpartition("[")
    items = list(value)
    if count and len(items) != int(count):
        raise ValueError(f"{kind} has {len(items)} items")
    joined = _join([inner] * len(items), items)
    return joined if count else _number(len(items)) + joined


def _join(kinds: Sequence[str], values: Sequence[Any]) -> bytes:
    """Heads, then the tails that the dynamic ones point at."""
    if len(kinds) != len(values):
        raise ValueError(f"{len(values)} values for {len(kinds)} types")
    encoded = [encode(kind, value) for kind, value in zip(kinds, values, strict=True)]
    heads = [WORD if _is_dynamic(kind) else len(data) for kind, data in zip(kinds, encoded, strict=True)]
    offset, head, tail = sum(heads), b"", b""
    for kind, data in zip(kinds, encoded, strict=True):
        if _is_dynamic(kind):
            head += _number(offset + len(tail))
            tail += data
        else:
            head += data
    return head + tail


def _is_dynamic(kind: str) -> bool:
    if kind.endswith("]"):
        inner, _, count = kind[:-1].rpartition("[")
        return not count or _is_dynamic(inner)
    return kind == "bytes" or (kind.startswith("(") and any(map(_is_dynamic, members(kind))))


def _sequence(value: Any) -> Sequence[Any]:
    if is_dataclass(value) and not isinstance(value, type):
        return [getattr(value, field.name) for field in fields(value)]
    return list(value)


def _number(value: int) -> bytes:
    return value.to_bytes(WORD, "big")
