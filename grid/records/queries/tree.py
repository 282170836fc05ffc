"""The log's Merkle tree, read as tiles of 256 hashes: leaf hashes from blocks, roots of tiles above them.

Any root or proof takes one query, however long the log is.
"""

from collections.abc import Callable
from typing import NamedTuple, TypeVar

from django.db import connection

from grid.domain import merkle
from grid.records.errors import LogDamaged, NotInLog
from grid.records.queries import blocks

TILE = 256
_TILE_LEVELS = 8
_LONGEST = 2**56
_LEVELS = 7

T = TypeVar("T")


def log_size() -> int:
    """Return how many entries the log has."""
    return blocks.end()[0]


def root_of(size: int) -> bytes:
    """Return the root of the first `size` entries. Raises NotInLog beyond the end."""
    return _with_nodes(size, lambda node: merkle.root_of(size, node))


class Inclusion(NamedTuple):
    """A leaf hash, its audit path, and the root that it leads to."""

    leaf_hash: bytes
    path: list[bytes]
    root: bytes


def inclusion(index: int, size: int) -> Inclusion:
    """Return all that shows entry `index` in the tree of `size` entries, in one query. Raises NotInLog."""
    if not 0 <= index < size:
        raise NotInLog(f"Entry {index} is not among the first {size} entries.")
    return _with_nodes(
        size,
        lambda node: Inclusion(node(0, index), merkle.inclusion_proof(index, size, node), merkle.root_of(size, node)),
    )


def inclusion_proof(index: int, size: int) -> list[bytes]:
    """Return the audit path of entry `index` in the tree of `size` entries. Raises NotInLog."""
    if not 0 <= index < size:
        raise NotInLog(f"Entry {index} is not among the first {size} entries.")
    return _with_nodes(size, lambda node: merkle.inclusion_proof(index, size, node))


def consistency_proof(old: int, new: int) -> list[bytes]:
    """Return the proof that the first `new` entries extend the first `old` ones. Raises NotInLog."""
    if not 0 <= old <= new:
        raise NotInLog(f"Size {old} is not between 0 and {new}.")
    return _with_nodes(new, lambda node: merkle.consistency_proof(old, new, node))


def tile(level: int, index: int, width: int = TILE) -> bytes:
    """Return the first `width` hashes of a tile, joined. Raises NotInLog when it does not reach so far."""
    if level >= _LEVELS or index * TILE >= _LONGEST:
        raise NotInLog(f"The log has no tile {level}/{index}.")
    packed = _load({(level, index)})[level, index]
    present = len(packed) // merkle.HASH_SIZE
    if present < width:
        raise NotInLog(f"Tile {level}/{index} has {present} of {width} hashes so far.")
    return packed[: width * merkle.HASH_SIZE]


def tail(level: int, end: int) -> list[bytes]:
    """Return the hashes of `level` from the start of its unfinished tile up to position `end`."""
    return merkle.split_hashes(_load({(level, end // TILE)})[level, end // TILE])[: end % TILE]


def _with_nodes(size: int, calculate: Callable[[merkle.Node], T]) -> T:
    """Run a calculation twice: first to learn which nodes it asks for, then with those nodes."""
    asked: list[tuple[int, int]] = []

    def record(level: int, index: int) -> bytes:
        asked.append((level, index))
        return bytes(merkle.HASH_SIZE)

    calculate(record)
    tiles = _load({_tile_of(level, index) for level, index in asked})

    def node(level: int, index: int) -> bytes:
        width = 1 << level % _TILE_LEVELS
        start = index * width % TILE
        packed = tiles[_tile_of(level, index)]
        hashes = merkle.split_hashes(packed[start * merkle.HASH_SIZE : (start + width) * merkle.HASH_SIZE])
        if len(hashes) != width:
            present = log_size()
            if size > present:
                raise NotInLog(f"The log has {present} entries, not {size}.")
            raise LogDamaged(f"Tile {_tile_of(level, index)} lacks hashes {start} to {start + width}.")
        return merkle.root(hashes)

    return calculate(node)


def _tile_of(level: int, index: int) -> tuple[int, int]:
    """Return the tile (level, index) that holds a node's hashes."""
    return level // _TILE_LEVELS, (index << level % _TILE_LEVELS) // TILE


_LEAVES = """
    SELECT 0, min(first), max(first + size) - min(first), sum(size), string_agg(hashes, ''::bytea ORDER BY first)
    FROM records_entryblock WHERE first >= %s AND first < %s HAVING count(*) > 0
"""
_ROOTS = """
    SELECT level + 1, min(index), max(index) + 1 - min(index), count(*), string_agg(root, ''::bytea ORDER BY index)
    FROM records_tile WHERE level = %s AND index >= %s AND index < %s GROUP BY level
"""


def _load(wanted: set[tuple[int, int]]) -> dict[tuple[int, int], bytes]:
    """Return the hashes of tiles, joined, finished or not; of one with a gap none at all.

    One branch a tile, each a short range of a primary key, so that nothing depends on the table's statistics.
    """
    tiles = dict.fromkeys(wanted, b"")
    if not wanted:
        return tiles
    parts: list[str] = []
    values: list[int] = []
    for level, index in sorted(wanted):
        parts.append(_ROOTS if level else _LEAVES)
        values += [*([level - 1] if level else []), index * TILE, (index + 1) * TILE]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), values)
        for level, first, span, count, packed in cursor.fetchall():
            if span == count and first % TILE == 0:
                tiles[level, first // TILE] = bytes(packed)
    return tiles
