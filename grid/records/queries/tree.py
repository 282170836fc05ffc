"""The log's Merkle tree, read as tiles of 256 hashes: leaf hashes from blocks, roots of tiles above them.

Any root or proof takes at most three queries, however long the log is.
"""

from collections.abc import Callable
from typing import TypeVar

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
    hashes = _load({(level, index)})[level, index]
    if len(hashes) < width:
        raise NotInLog(f"Tile {level}/{index} has {len(hashes)} of {width} hashes so far.")
    return b"".join(hashes[:width])


def tail(level: int, end: int) -> list[bytes]:
    """Return the hashes of `level` from the start of its unfinished tile up to position `end`."""
    return _load({(level, end // TILE)})[level, end // TILE][: end % TILE]


def _with_nodes(size: int, calculate: Callable[[merkle.Node], T]) -> T:
    """Run a calculation twice: first to learn which nodes it asks for, then with those nodes."""
    present = log_size()
    if size > present:
        raise NotInLog(f"The log has {present} entries, not {size}.")
    asked: list[tuple[int, int]] = []

    def record(level: int, index: int) -> bytes:
        asked.append((level, index))
        return bytes(merkle.HASH_SIZE)

    calculate(record)
    tiles = _load({_tile_of(level, index) for level, index in asked})

    def node(level: int, index: int) -> bytes:
        width = 1 << level % _TILE_LEVELS
        start = index * width % TILE
        hashes = tiles[_tile_of(level, index)][start : start + width]
        if len(hashes) != width:
            raise LogDamaged(f"Tile {_tile_of(level, index)} lacks hashes {start} to {start + width}.")
        return merkle.root(hashes)

    return calculate(node)


def _tile_of(level: int, index: int) -> tuple[int, int]:
    """Return the tile (level, index) that holds a node's hashes."""
    return level // _TILE_LEVELS, (index << level % _TILE_LEVELS) // TILE


def _load(wanted: set[tuple[int, int]]) -> dict[tuple[int, int], list[bytes]]:
    """Return the hashes of tiles, finished or not, as far as they are there without a gap."""
    tiles: dict[tuple[int, int], list[bytes]] = {tile: [] for tile in wanted}
    with connection.cursor() as cursor:
        for table, key, value, levels in (("entryblock", "first", "hashes", False), ("tile", "index", "root", True)):
            asked = sorted((level, index) for level, index in wanted if (level > 0) is levels)
            if not asked:
                continue
            # One branch each: a range of the primary key, in its order.
            part = f"SELECT %s::int, {key}, {value} FROM records_{table} WHERE {key} >= %s AND {key} < %s" + (
                " AND level = %s" if levels else ""
            )
            values: list[int] = []
            for level, index in asked:
                values += [level, index * TILE, (index + 1) * TILE, *([level - 1] if levels else [])]
            cursor.execute(" UNION ALL ".join([part] * len(asked)) + " ORDER BY 1, 2", values)
            for level, position, found in cursor.fetchall():
                hashes = tiles[level, position // TILE]
                if position % TILE == len(hashes):
                    hashes += merkle.split_hashes(bytes(found))
    return tiles
