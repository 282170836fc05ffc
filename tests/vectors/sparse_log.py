"""A log of any size of which only a block is known: proofs in it cost as little as in a small one."""

from hashlib import sha256

from grid.domain import entries, merkle
from grid.domain.entries import EntryKind, Value
from grid.domain.keccak import keccak256

FIRST_LEAF = keccak256(b"log")


def secret(owner: str) -> bytes:
    return sha256(f"log key of {owner}".encode()).digest()


class Log:
    """A log of `size` leaves, of which a block from `base` on, and the first, are known; the rest are seeded hashes."""

    def __init__(self, base: int) -> None:
        self.base = base
        self.data: list[bytes] = []
        self.kinds: list[EntryKind] = []
        self._known: dict[int, bytes] = {0: FIRST_LEAF}
        self._memo: dict[tuple[int, int], bytes] = {}

    def append(self, kind: EntryKind, owner: str, fields: dict[str, Value]) -> int:
        index = self.base + len(self.data)
        data = entries.encode(kind, fields, entries.salt(secret(owner), kind.name, position=index))
        self.data.append(data)
        self.kinds.append(kind)
        self._known[index] = merkle.leaf_hash(data)
        return index

    @property
    def end(self) -> int:
        return self.base + len(self.data)

    def leaf(self, index: int) -> bytes:
        return self.data[index - self.base]

    def node(self, level: int, index: int) -> bytes:
        """Hash of a complete subtree; one that holds no known leaf is a hash of the seed."""
        known = self._memo.get((level, index))
        if known is None:
            known = self._memo[level, index] = self._node(level, index)
        return known

    def _node(self, level: int, index: int) -> bytes:
        start = index << level
        inside = self.base - 1 < start + (1 << level) and start < self.end
        if start != 0 and not inside:
            return sha256(b"subtree" + level.to_bytes(8, "big") + index.to_bytes(8, "big")).digest()
        if level == 0:
            return self._known.get(start) or sha256(b"leaf" + start.to_bytes(8, "big")).digest()
        return merkle.node_hash(self.node(level - 1, 2 * index), self.node(level - 1, 2 * index + 1))
