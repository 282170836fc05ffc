"""32-byte words: how each field of an entry or leaf is written and read back (PROTOCOL §7).

Reading is strict, so that one fact has one encoding: a word that no writer could have made is refused.
"""

from collections.abc import Callable
from dataclasses import dataclass

WORD = 32
ZERO = bytes(WORD)

NONE = 2**64 - 1
"""Stands for an absent index or day."""

UINT_LIMIT = NONE
"""Unsigned fields are below this, so that they fit a uint64 and never read as NONE."""

INT_LIMIT = 2**95
"""Signed fields are at least -INT_LIMIT and below INT_LIMIT, so that they fit an int96."""

ADDRESS_SIZE = 20

Value = int | bytes | bool | None
"""What a field holds: int for uint, int and index; None for an absent index; bytes; bool."""


def uint_word(value: Value) -> bytes:
    """Return an unsigned integer below 2**64 - 1 as a word. Raises ValueError for anything else."""
    if not isinstance(value, int) or value is True or value is False or not 0 <= value < UINT_LIMIT:
        raise ValueError(f"{value!r} is not an integer from 0 to 2**64 - 2")
    return value.to_bytes(WORD, "big")


def index_word(value: Value) -> bytes:
    """Return an index or day, or None, as a word. Raises ValueError for anything else."""
    return NONE.to_bytes(WORD, "big") if value is None else uint_word(value)


def int_word(value: Value) -> bytes:
    """Return a signed integer of 96 bits in two's complement. Raises ValueError for anything else."""
    if not isinstance(value, int) or value is True or value is False or not -INT_LIMIT <= value < INT_LIMIT:
        raise ValueError(f"{value!r} is not an integer of 96 bits with sign")
    return value.to_bytes(WORD, "big", signed=True)


def bytes32_word(value: Value) -> bytes:
    """Return 32 bytes as they are. Raises ValueError for anything else."""
    if not isinstance(value, bytes) or len(value) != WORD:
        raise ValueError(f"{_shown(value)} is not 32 bytes")
    return value


def address_word(value: Value) -> bytes:
    """Return a 20-byte address, zeros in front. Raises ValueError for anything else."""
    if not isinstance(value, bytes) or len(value) != ADDRESS_SIZE:
        raise ValueError(f"{_shown(value)} is not 20 bytes")
    return bytes(WORD - ADDRESS_SIZE) + value


def bool_word(value: Value) -> bytes:
    """Return a truth value as 0 or 1. Raises ValueError for anything but True and False."""
    if not isinstance(value, bool):
        raise ValueError(f"{value!r} is not True or False")
    return value.to_bytes(WORD, "big")


def _shown(value: Value) -> str:
    return f"{len(value)} bytes" if isinstance(value, bytes) else repr(value)


def _read_uint(word: bytes) -> int:
    value = int.from_bytes(word, "big")
    if value >= UINT_LIMIT:
        raise ValueError("does not hold an integer from 0 to 2**64 - 2")
    return value


def _read_index(word: bytes) -> int | None:
    value = int.from_bytes(word, "big")
    if value > NONE:
        raise ValueError("does not hold an index of 64 bits")
    return None if value == NONE else value


def _read_int(word: bytes) -> int:
    value = int.from_bytes(word, "big", signed=True)
    if not -INT_LIMIT <= value < INT_LIMIT:
        raise ValueError("does not hold an integer of 96 bits with sign")
    return value


def _read_bytes32(word: bytes) -> bytes:
    return word


def _read_address(word: bytes) -> bytes:
    if any(word[: WORD - ADDRESS_SIZE]):
        raise ValueError("does not hold an address: its first 12 bytes are not zero")
    return word[WORD - ADDRESS_SIZE :]


def _read_bool(word: bytes) -> bool:
    value = int.from_bytes(word, "big")
    if value > 1:
        raise ValueError("does not hold 0 or 1")
    return value == 1


@dataclass(frozen=True, slots=True)
class Codec:
    """How one type of field is written and read."""

    name: str
    write: Callable[[Value], bytes]
    read: Callable[[bytes], Value]


UINT = Codec("uint", uint_word, _read_uint)
INDEX = Codec("index", index_word, _read_index)
INT = Codec("int", int_word, _read_int)
BYTES32 = Codec("bytes32", bytes32_word, _read_bytes32)
ADDRESS = Codec("address", address_word, _read_address)
BOOL = Codec("bool", bool_word, _read_bool)
