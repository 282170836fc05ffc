"""Cases of merkle.json: roots, inclusion and consistency proofs, good ones and bad ones."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from grid.domain import merkle

SMALL = range(1, 18)
MEDIUM = (18, 23, 31, 32, 33, 40)
LARGE = (255, 256, 257, 1000, 4097)
UNIFORM = (2**20 + 1, 2**32, 2**40 + 3, 2**63, 2**64 - 1)
"""Sizes no one can build leaf by leaf; with equal leaves a subtree depends on its level alone."""


def leaf(index: int) -> bytes:
    """Leaf data of the counted trees: the index as a 32-byte word."""
    return index.to_bytes(32, "big")


def uniform_node(level: int, index: int) -> bytes:
    """Every complete subtree of a tree whose leaves all hold the word 7."""
    digest = merkle.leaf_hash(leaf(7))
    for _ in range(level):
        digest = merkle.node_hash(digest, digest)
    return digest


def document() -> dict[str, Any]:
    counted = merkle.MerkleTree([merkle.leaf_hash(leaf(index)) for index in range(max(LARGE))])
    return {
        "about": [
            "RFC 6962 trees over SHA-256: leaf = sha256(0x00 || data), node = sha256(0x01 || left || right).",
            "Tree 'counted': leaf i holds the 32-byte word i. Tree 'uniform': every leaf holds the word 7.",
            "A case with valid = false must be refused; 'case' says what was spoilt.",
        ],
        "emptyRoot": _hex(merkle.EMPTY_ROOT),
        "leafHashes": [_hex(merkle.leaf_hash(leaf(index))) for index in range(8)],
        "roots": list(_roots(counted)),
        "inclusion": [*_inclusion(counted), *_bad_inclusion(counted)],
        "consistency": [*_consistency(counted), *_bad_consistency(counted)],
    }


def _hex(data: bytes) -> str:
    return "0x" + data.hex()


def _roots(tree: merkle.MerkleTree) -> Iterator[dict[str, Any]]:
    for size in (0, *SMALL, *MEDIUM, *LARGE):
        yield {"tree": "counted", "size": str(size), "root": _hex(merkle.root_of(size, tree.node))}
    for size in UNIFORM:
        yield {"tree": "uniform", "size": str(size), "root": _hex(merkle.root_of(size, uniform_node))}


def _inclusion_case(
    case: str, leaf_hash: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes, valid: bool
) -> dict[str, Any]:
    return {
        "case": case,
        "leafHash": _hex(leaf_hash),
        "index": str(index),
        "size": str(size),
        "proof": [_hex(item) for item in proof],
        "root": _hex(root),
        "valid": valid,
    }


def _consistency_case(
    case: str, old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes], valid: bool
) -> dict[str, Any]:
    return {
        "case": case,
        "oldSize": str(old),
        "oldRoot": _hex(old_root),
        "newSize": str(new),
        "newRoot": _hex(new_root),
        "proof": [_hex(item) for item in proof],
        "valid": valid,
    }


def _inclusion(tree: merkle.MerkleTree) -> Iterator[dict[str, Any]]:
    places = [(size, index) for size in SMALL for index in range(size)]
    places += [(size, index) for size in (*MEDIUM, *LARGE) for index in sorted({0, size // 2, size - 2, size - 1})]
    for size, index in places:
        proof = merkle.inclusion_proof(index, size, tree.node)
        root = merkle.root_of(size, tree.node)
        yield _inclusion_case("counted", tree.node(0, index), index, size, proof, root, True)
    for size in UNIFORM:
        for index in sorted({0, size // 3, size - 1}):
            proof = merkle.inclusion_proof(index, size, uniform_node)
            root = merkle.root_of(size, uniform_node)
            yield _inclusion_case("uniform", uniform_node(0, 0), index, size, proof, root, True)


def _consistency(tree: merkle.MerkleTree) -> Iterator[dict[str, Any]]:
    pairs = [(old, new) for new in (0, *SMALL) for old in range(new + 1)]
    pairs += [(old, new) for new in (*MEDIUM, *LARGE) for old in sorted({1, 16, new // 2, new - 1, new})]
    for old, new in pairs:
        roots = merkle.root_of(old, tree.node), merkle.root_of(new, tree.node)
        proof = merkle.consistency_proof(old, new, tree.node)
        yield _consistency_case("counted", old, roots[0], new, roots[1], proof, True)
    for old, new in ((2**20 + 1, 2**32), (2**32, 2**40 + 3), (2**40 + 3, 2**63), (2**63, 2**64 - 1)):
        roots = merkle.root_of(old, uniform_node), merkle.root_of(new, uniform_node)
        proof = merkle.consistency_proof(old, new, uniform_node)
        yield _consistency_case("uniform", old, roots[0], new, roots[1], proof, True)


def _flipped(hashes: Sequence[bytes], position: int) -> list[bytes]:
    changed = list(hashes)
    changed[position] = bytes([changed[position][0] ^ 1]) + changed[position][1:]
    return changed


def _bad_inclusion(tree: merkle.MerkleTree) -> Iterator[dict[str, Any]]:
    for size, index in ((1, 0), (2, 1), (7, 3), (8, 5), (13, 12), (257, 256)):
        proof = merkle.inclusion_proof(index, size, tree.node)
        root = merkle.root_of(size, tree.node)
        own = tree.node(0, index)

        def bad(
            case: str,
            *,
            leaf_hash: bytes = own,
            at: int = index,
            of: int = size,
            by: Sequence[bytes] = proof,
            under: bytes = root,
        ) -> dict[str, Any]:
            return _inclusion_case(case, leaf_hash, at, of, by, under, False)

        yield bad("another leaf", leaf_hash=merkle.leaf_hash(leaf(10**6)))
        yield bad("another root", under=merkle.root_of(size + 1, tree.node))
        yield bad("the empty root", under=merkle.EMPTY_ROOT)
        yield bad("index beyond the tree", at=size)
        yield bad("no tree", at=0, of=0)
        yield bad("one hash too many", by=[*proof, root])
        yield bad("leaf data hashed without its prefix", leaf_hash=leaf(index))
        if proof:
            yield bad("one hash too few", by=proof[:-1])
            yield bad("no proof", by=[])
            yield bad("index of a neighbour", at=index - 1 if index else 1)
            yield from (bad(f"hash {at} flipped", by=_flipped(proof, at)) for at in range(len(proof)))
        if len(proof) > 1:
            yield bad("proof from the top", by=proof[::-1])
            yield bad("an inner node offered as leaf", leaf_hash=tree.node(1, index // 2), by=proof[1:])


def _bad_consistency(tree: merkle.MerkleTree) -> Iterator[dict[str, Any]]:
    other: Callable[[int], bytes] = lambda size: merkle.leaf_hash(leaf(10**6 + size))  # noqa: E731
    for old, new in ((1, 2), (3, 7), (4, 7), (6, 8), (8, 13), (256, 257)):
        proof = merkle.consistency_proof(old, new, tree.node)
        before, after = merkle.root_of(old, tree.node), merkle.root_of(new, tree.node)
        yield _consistency_case("another old root", old, other(old), new, after, proof, False)
        yield _consistency_case("another new root", old, before, new, other(new), proof, False)
        yield _consistency_case("sizes the wrong way round", new, after, old, before, proof, False)
        yield _consistency_case("one hash too many", old, before, new, after, [*proof, after], False)
        yield _consistency_case("one hash too few", old, before, new, after, proof[:-1], False)
        yield _consistency_case("no proof", old, before, new, after, [], False)
        yield _consistency_case("old size plus one", old + 1, before, new, after, proof, False)
        for at in range(len(proof)):
            yield _consistency_case(f"hash {at} flipped", old, before, new, after, _flipped(proof, at), False)
    root = merkle.root_of(5, tree.node)
    yield _consistency_case("equal sizes, other roots", 5, other(5), 5, root, [], False)
    yield _consistency_case("equal sizes take no proof", 5, root, 5, root, [root], False)
    yield _consistency_case("the empty tree takes no proof", 0, merkle.EMPTY_ROOT, 5, root, [root], False)
    yield _consistency_case("not the empty root", 0, root, 5, root, [], False)
