"""The log's Merkle tree, read from tiles of 256 hashes; the unfinished tile of a level from the rows below.

Any root or proof takes at most three queries, however long the log is.
"""

from collections.abc import Callable
from typing import TypeVar

from django.db import connection

from grid.domain import merkle
from grid.records.errors import LogDamaged, NotInLog

TILE = 256
_TILE_LEVELS = 8
_LONGEST = 2**56
_LEVELS = 7

T = TypeVar("T")


def log_size() -> int:
    """Return how many entries the log has."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(index) FROM records_entry")
        (last,) = cursor.fetchone()
    return 0 if last is None else last + 1


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
    return _unfinished({(level, end // TILE)})[level, end // TILE][: end % TILE]


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
    """Return the hashes of tiles, finished or not."""
    if not wanted:
        return {}
    levels, indices = zip(*wanted, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT t.level, t.index, t.hashes FROM records_tile t JOIN"
            " unnest(%s::smallint[], %s::bigint[]) AS w (level, index) USING (level, index)",
            [list(levels), list(indices)],
        )
        found = {(level, index): merkle.split_hashes(bytes(hashes)) for level, index, hashes in cursor.fetchall()}
    return found | _unfinished(wanted - found.keys())


def _unfinished(wanted: set[tuple[int, int]]) -> dict[tuple[int, int], list[bytes]]:
    """Return the hashes of tiles that are not stored yet: leaf hashes, or roots of the tiles below."""
    tiles: dict[tuple[int, int], list[bytes]] = {tile: [] for tile in wanted}
    if not wanted:
        return tiles
    parts, values = [], []
    for level, index in wanted:
        bounds = [index * TILE, (index + 1) * TILE]
        if level == 0:
            parts.append("SELECT 0, index, leaf_hash FROM records_entry WHERE index >= %s AND index < %s")
            values += bounds
        else:
            parts.append(
                "SELECT level + 1, index, root FROM records_tile WHERE level = %s AND index >= %s AND index < %s"
            )
            values += [level - 1, *bounds]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts) + " ORDER BY 1, 2", values)
        for level, position, value in cursor.fetchall():
            tiles[level, position // TILE].append(bytes(value))
    return tiles
