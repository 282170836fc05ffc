"""RFC 6962 Merkle trees over SHA-256: roots, inclusion proofs and consistency proofs.

leaf = sha256(0x00 || data), node = sha256(0x01 || left || right), the empty tree's root is sha256("").
Nothing here stores a tree: a caller hands in `node(level, index)`, the hash of the complete subtree
of `2**level` leaves that begins at leaf `index * 2**level`, from memory or from stored tiles.
The verifying side needs hashes and sizes only; the contracts' library is checked by the same vectors
(tests/vectors/merkle.json).
"""

from collections.abc import Callable, Sequence
from hashlib import sha256

HASH_SIZE = 32
EMPTY_ROOT = sha256(b"").digest()

Node = Callable[[int, int], bytes]


class ProofError(ValueError):
    """A proof that does not lead to the root it was offered for.

    `expected` is the root it should lead to, `calculated` the one it does lead to (None when its
    shape is already wrong).
    """

    def __init__(self, message: str, *, expected: bytes, calculated: bytes | None = None) -> None:
        found = "none" if calculated is None else calculated.hex()
        super().__init__(f"{message}: expected root {expected.hex()}, calculated {found}")
        self.expected = expected
        self.calculated = calculated


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of a leaf's data."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node."""
    return sha256(b"\x01" + left + right).digest()


def root(leaf_hashes: Sequence[bytes]) -> bytes:
    """Return the root of the tree over leaf hashes, in order."""
    if not leaf_hashes:
        return EMPTY_ROOT
    level = list(leaf_hashes)
    while len(level) > 1:
        level = _parents(level) + level[len(level) & ~1 :]
    return level[0]


def split_hashes(packed: bytes) -> list[bytes]:
    """Return the hashes of a string of them, in order."""
    return [packed[at : at + HASH_SIZE] for at in range(0, len(packed), HASH_SIZE)]


def _parents(hashes: Sequence[bytes]) -> list[bytes]:
    """Return the nodes above pairs of hashes; a last one without a partner is left out."""
    return [sha256(b"\x01" + a + b).digest() for a, b in zip(hashes[::2], hashes[1::2], strict=False)]


def root_of(size: int, node: Node) -> bytes:
    """Return the root of the first `size` leaves. Requires size >= 0."""
    if size < 0:
        raise ValueError(f"size {size} is negative")
    return _range_root(0, size, node) if size else EMPTY_ROOT


def _split(size: int) -> int:
    """Return the largest power of two below `size` (RFC 6962 §2.1). Requires size >= 2."""
    return 1 << ((size - 1).bit_length() - 1)


def _range_root(start: int, end: int, node: Node) -> bytes:
    """Return the hash over leaves [start, end), where `start` is a multiple of the range's split."""
    size = end - start
    if size & (size - 1) == 0:
        level = size.bit_length() - 1
        return node(level, start >> level)
    middle = start + _split(size)
    return node_hash(_range_root(start, middle, node), _range_root(middle, end, node))


def inclusion_proof(index: int, size: int, node: Node) -> list[bytes]:
    """Return the audit path of leaf `index` in the tree of `size` leaves, lowest sibling first.

    Requires 0 <= index < size; raises ValueError otherwise. Source: RFC 6962 §2.1.1.
    """
    if not 0 <= index < size:
        raise ValueError(f"index {index} is not in a tree of {size} leaves")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_range_root(middle, end, node))
            end = middle
        else:
            path.append(_range_root(start, middle, node))
            start = middle
    return path[::-1]


def consistency_proof(old: int, new: int, node: Node) -> list[bytes]:
    """Return the proof that the tree of `new` leaves extends the one of `old` leaves.

    Requires 0 <= old <= new; raises ValueError otherwise. Empty for old = 0 and for old = new.
    Source: RFC 6962 §2.1.2.
    """
    if not 0 <= old <= new:
        raise ValueError(f"old size {old} is not between 0 and the new size {new}")
    if old in (0, new):
        return []
    proof: list[bytes] = []
    start, end, known = 0, new, True
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            proof.append(_range_root(middle, end, node))
            end = middle
        else:
            proof.append(_range_root(start, middle, node))
            start, known = middle, False
    if not known:
        proof.append(_range_root(start, end, node))
    return proof[::-1]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Check that the leaf hash `leaf` is leaf `index` of the tree of `size` leaves under `root`.

    Raises ProofError when it is not, with both roots where the proof leads to one.
    Source: RFC 9162 §2.1.3.2.
    """
    if not 0 <= index < size:
        raise ProofError(f"index {index} is not in a tree of {size} leaves", expected=root)
    _check_hashes([leaf, *proof], root)
    calculated = leaf
    position, last = index, size - 1
    for sibling in proof:
        if last == 0:
            raise ProofError(f"inclusion proof of {len(proof)} hashes is too long", expected=root)
        if position & 1 or position == last:
            calculated = node_hash(sibling, calculated)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            calculated = node_hash(calculated, sibling)
        position, last = position >> 1, last >> 1
    if last:
        raise ProofError(f"inclusion proof of {len(proof)} hashes is too short", expected=root)
    if calculated != root:
        raise ProofError(f"leaf {index} of {size} is not under the root", expected=root, calculated=calculated)


def verify_consistency(old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Check that the tree (new_size, new_root) extends the tree (old_size, old_root).

    Raises ProofError when it does not. An empty old tree and equal sizes take an empty proof.
    Source: RFC 9162 §2.1.4.2.
    """
    if not 0 <= old_size <= new_size:
        raise ProofError(f"old size {old_size} is not between 0 and {new_size}", expected=new_root)
    if old_size in (0, new_size):
        _check_without_proof(old_size, old_root, new_size, new_root, proof)
        return
    _check_hashes(proof, new_root)
    path = list(proof)
    if old_size & (old_size - 1) == 0:
        path.insert(0, old_root)
    if not path:
        raise ProofError("consistency proof is empty", expected=new_root)
    position, last = old_size - 1, new_size - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise ProofError(f"consistency proof of {len(proof)} hashes is too long", expected=new_root)
        if position & 1 or position == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        position, last = position >> 1, last >> 1
    if last:
        raise ProofError(f"consistency proof of {len(proof)} hashes is too short", expected=new_root)
    if old != old_root:
        raise ProofError(f"size {old_size} had another root", expected=old_root, calculated=old)
    if new != new_root:
        raise ProofError(f"size {new_size} has another root", expected=new_root, calculated=new)


def _check_without_proof(
    old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]
) -> None:
    """Check the two cases that need no proof: from the empty tree, and from a tree to itself."""
    if proof:
        raise ProofError(f"from {old_size} to {new_size} leaves takes an empty proof", expected=new_root)
    known = EMPTY_ROOT if old_size == 0 else new_root
    if old_root != known:
        raise ProofError(f"size {old_size} has another root", expected=known, calculated=old_root)
    if new_size == 0 and new_root != EMPTY_ROOT:
        raise ProofError("the empty tree has another root", expected=EMPTY_ROOT, calculated=new_root)


def _check_hashes(hashes: Sequence[bytes], root: bytes) -> None:
    for item in hashes:
        if len(item) != HASH_SIZE:
            raise ProofError(f"a hash of the proof has {len(item)} bytes instead of 32", expected=root)


def audit_paths(leaves: Sequence[bytes]) -> tuple[bytes, list[list[str]]]:
    """Return the root over some leaf hashes, and every leaf's audit path in hexadecimal, each hash spelt once.

    A node without a sibling rises to the level above as it is, which is RFC 6962's tree of any size.
    """
    paths: list[list[str]] = [[] for _ in leaves]
    level, width = list(leaves), 1
    while len(level) > 1:
        names = [node.hex() for node in level]
        for place in range(len(level) - len(level) % 2):
            sibling = names[place ^ 1]
            for path in paths[place * width : (place + 1) * width]:
                path.append(sibling)
        level, width = _parents(level) + (level[-1:] if len(level) % 2 else []), width * 2
    return (level[0] if level else EMPTY_ROOT), paths


class MerkleTree:
    """A tree held in memory, for runs, auctions and tests. Leaves never change."""

    def __init__(self, leaf_hashes: Sequence[bytes]) -> None:
        self.size = len(leaf_hashes)
        self._levels = [list(leaf_hashes)]
        while len(self._levels[-1]) > 1:
            self._levels.append(_parents(self._levels[-1]))

    def node(self, level: int, index: int) -> bytes:
        """Return the hash of a complete subtree. Raises IndexError for one that is not complete."""
        return self._levels[level][index]

    @property
    def root(self) -> bytes:
        """The root over all leaves."""
        return root_of(self.size, self.node)

    def inclusion_proof(self, index: int) -> list[bytes]:
        """Return the audit path of a leaf in the whole tree. Raises ValueError beyond the last leaf."""
        return inclusion_proof(index, self.size, self.node)

    def consistency_proof(self, old: int) -> list[bytes]:
        """Return the proof that this tree extends the tree of its first `old` leaves."""
        return consistency_proof(old, self.size, self.node)
