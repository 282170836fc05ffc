"""Rows of a run as posted on chain: account and day net in one word, and the root over them."""

from collections.abc import Sequence
from typing import NamedTuple

from grid.domain import merkle
from grid.domain.entries import TAGS
from grid.domain.words import ADDRESS_SIZE, INT_LIMIT, WORD

ROWS_PER_CHUNK = 16
SYSTEM_ROWS = 4
"""Supplier, fee, dust and balancing, after the members."""

MAX_MEMBERS = 512
"""Members' rows of one run at most (PROTOCOL §2)."""

MAX_ROWS = MAX_MEMBERS + SYSTEM_ROWS

NET_SIZE = WORD - ADDRESS_SIZE


class Row(NamedTuple):
    """What one account gets (positive) or owes (negative) for the day, in token units."""

    address: bytes
    net: int


def pack_row(row: Row) -> bytes:
    """Return address (20 bytes) and net (int96, two's complement) as one word.

    Raises ValueError for an address of another length or a net beyond 96 bits.
    """
    if len(row.address) != ADDRESS_SIZE:
        raise ValueError(f"row address has {len(row.address)} bytes instead of 20")
    if not -INT_LIMIT <= row.net < INT_LIMIT:
        raise ValueError(f"row net {row.net} is not an integer of 96 bits with sign")
    return row.address + row.net.to_bytes(NET_SIZE, "big", signed=True)


def pack_rows(rows: Sequence[Row]) -> list[bytes]:
    """Return one word per row, in posting order. Raises ValueError for more rows than a run holds."""
    if len(rows) > MAX_ROWS:
        raise ValueError(f"{len(rows)} rows; a run has at most {MAX_ROWS}")
    return [pack_row(row) for row in rows]


def unpack_row(word: bytes) -> Row:
    """Return the row of one word. Raises ValueError when it is not 32 bytes."""
    if len(word) != WORD:
        raise ValueError(f"row has {len(word)} bytes instead of 32")
    return Row(word[:ADDRESS_SIZE], int.from_bytes(word[ADDRESS_SIZE:], "big", signed=True))


def row_chunks(words: Sequence[bytes]) -> list[bytes]:
    """Return the leaf data of the rows tree: the tag, then up to 16 row words; the last may be shorter."""
    starts = range(0, len(words), ROWS_PER_CHUNK)
    return [TAGS["ROWS"] + b"".join(words[start : start + ROWS_PER_CHUNK]) for start in starts]


def rows_of_chunk(data: bytes) -> list[Row]:
    """Return the rows of one chunk. Raises ValueError for another tag or a length no chunk has."""
    if data[:WORD] != TAGS["ROWS"]:
        raise ValueError("ROWS: word 0 is not the tag of this kind")
    count, rest = divmod(len(data) - WORD, WORD)
    if rest or not 1 <= count <= ROWS_PER_CHUNK:
        raise ValueError(f"ROWS has {len(data)} bytes; a chunk holds 1 to 16 row words after its tag")
    return [unpack_row(data[start : start + WORD]) for start in range(WORD, len(data), WORD)]


def rows_tree(words: Sequence[bytes]) -> merkle.MerkleTree:
    """Return the tree over the chunks of the row words; the contract stores its root as `rowsRoot`."""
    return merkle.MerkleTree([merkle.leaf_hash(chunk) for chunk in row_chunks(words)])


def rows_root(words: Sequence[bytes]) -> bytes:
    """Return the RFC 6962 root over the chunks of the row words."""
    return rows_tree(words).root
