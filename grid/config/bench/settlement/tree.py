"""A log of millions of entries of which only a few are real: enough to make its roots and proofs.

Every whole subtree without a real entry, and without the end of an earlier checkpoint in it, is a hash of its
place: so a tree of ten million costs some hundred hashes, and a larger one really continues a smaller one.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256


def node(left: bytes, right: bytes) -> bytes:
    """RFC 6962's inner node."""
    return sha256(b"\x01" + left + right).digest()


def _split(size: int) -> int:
    """Largest power of two below size."""
    return 1 << (size - 1).bit_length() - 1


class SparseLog:
    """Leaf hashes by log index; whatever is not given stands for some entry. `sizes` are its checkpoints'."""

    def __init__(self, leaves: Mapping[int, bytes], sizes: Sequence[int]) -> None:
        self.leaves = dict(leaves)
        self.sizes = sizes

    def root(self, size: int) -> bytes:
        """Root over the first `size` entries."""
        return self._hash(0, size)

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """Audit path of an entry, lowest sibling first."""
        start, path = 0, list[bytes]()
        while size > 1:
            k = _split(size)
            if index < start + k:
                path.append(self._hash(start + k, size - k))
                size = k
            else:
                path.append(self._hash(start, k))
                start, size = start + k, size - k
        return path[::-1]

    def consistency(self, old: int, new: int) -> list[bytes]:
        """Proof that the tree of `new` entries continues that of `old`."""
        return self._consistency(old, 0, new, whole=True)

    def _consistency(self, old: int, start: int, size: int, *, whole: bool) -> list[bytes]:
        if old == size:
            return [] if whole else [self._hash(start, size)]
        k = _split(size)
        if old <= k:
            return [*self._consistency(old, start, k, whole=whole), self._hash(start + k, size - k)]
        return [*self._consistency(old - k, start + k, size - k, whole=False), self._hash(start, k)]

    def _hash(self, start: int, size: int) -> bytes:
        if size == 1:
            return self.leaves.get(start) or sha256(b"\x00entry %d" % start).digest()
        end = start + size
        divided = any(start <= index < end for index in self.leaves) or any(start < at < end for at in self.sizes)
        if not divided and size & (size - 1) == 0:
            return sha256(b"entries %d %d" % (start, size)).digest()
        k = _split(size)
        return node(self._hash(start, k), self._hash(start + k, size - k))
