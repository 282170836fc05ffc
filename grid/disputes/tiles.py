"""Audit paths of many entries at once: each tile of the log's tree is read one time."""

from grid.domain import merkle
from grid.records import queries as records
from grid.records.queries.tree import TILE

_TILE_LEVELS = 8


class AuditPaths:
    """Audit paths in the tree of the log's first `size` entries."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._tiles: dict[tuple[int, int], bytes] = {}

    def path(self, index: int) -> list[bytes]:
        """Return the audit path of one entry. Raises ValueError for an index beyond the size."""
        return merkle.inclusion_proof(index, self._size, self._node)

    def _node(self, level: int, index: int) -> bytes:
        width = 1 << level % _TILE_LEVELS
        tile, start = divmod(index * width, TILE)
        hashes = self._tile(level // _TILE_LEVELS, tile)[start * merkle.HASH_SIZE : (start + width) * merkle.HASH_SIZE]
        return merkle.root(merkle.split_hashes(hashes))

    def _tile(self, level: int, index: int) -> bytes:
        if (level, index) not in self._tiles:
            complete = (self._size >> level * _TILE_LEVELS) - index * TILE
            self._tiles[level, index] = records.tile(level, index, min(TILE, complete))
        return self._tiles[level, index]
