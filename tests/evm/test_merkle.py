"""The contract's Merkle arithmetic against the domain's, on every tree up to a size."""

from hashlib import sha256

import pytest

from grid.domain.merkle import MerkleTree, leaf_hash
from tests.evm.chain import Chain, Deployed, Reverted

LARGEST = 33
LEAVES = [leaf_hash(b"leaf %d" % number) for number in range(LARGEST)]
WRONG = b"\x01" * 32


@pytest.fixture(scope="module")
def merkle() -> Deployed:
    return Chain(1_000_000).create("MerkleLogHarness", [], "0x" + "11" * 20)


def refusal(merkle: Deployed, function: str, *args: object) -> tuple[str, tuple[object, ...]]:
    with pytest.raises(Reverted) as refused:
        merkle.read(function, *args)
    return refused.value.name, refused.value.values


def test_roots_and_leaves(merkle: Deployed) -> None:
    assert merkle.read("root", []) == "0x" + sha256(b"").hexdigest()
    for size in range(1, LARGEST + 1):
        assert merkle.read("root", LEAVES[:size]) == "0x" + MerkleTree(LEAVES[:size]).root.hex()
    for data in (b"", b"\x00", b"x" * 31, b"x" * 32, b"x" * 500):
        assert merkle.read("leafHash", data) == "0x" + leaf_hash(data).hex()


@pytest.mark.parametrize("size", range(1, LARGEST + 1))
def test_every_leaf_is_included_where_it_is_and_nowhere_else(merkle: Deployed, size: int) -> None:
    tree = MerkleTree(LEAVES[:size])
    for index in range(size):
        proof = tree.inclusion_proof(index)
        merkle.read("requireInclusion", LEAVES[index], index, size, proof, tree.root)
        name, values = refusal(merkle, "requireInclusion", WRONG, index, size, proof, tree.root)
        assert name == "InclusionFailed"
        assert values[1] == "0x" + tree.root.hex()
        longer = [*proof, WRONG]
        expected = ("ProofLengthWrong", (len(longer),))
        assert refusal(merkle, "requireInclusion", LEAVES[index], index, size, longer, tree.root) == expected
        if proof:
            expected = ("ProofLengthWrong", (len(proof) - 1,))
            assert refusal(merkle, "requireInclusion", LEAVES[index], index, size, proof[:-1], tree.root) == expected
            other = (index + 1) % size
            name, _ = refusal(merkle, "requireInclusion", LEAVES[index], other, size, proof, tree.root)
            assert name in ("InclusionFailed", "ProofLengthWrong")
    outside = ("IndexOutOfRange", (size, size))
    assert refusal(merkle, "requireInclusion", LEAVES[0], size, size, [], tree.root) == outside


@pytest.mark.parametrize("new", range(1, LARGEST + 1))
def test_every_tree_continues_every_smaller_one(merkle: Deployed, new: int) -> None:
    later = MerkleTree(LEAVES[:new])
    for old in range(1, new + 1):
        earlier = MerkleTree(LEAVES[:old])
        proof = later.consistency_proof(old)
        merkle.read("requireConsistency", old, earlier.root, new, later.root, proof)
        name, values = refusal(merkle, "requireConsistency", old, WRONG, new, later.root, proof)
        assert (name, values[1]) == ("ConsistencyFailed", "0x" + WRONG.hex())
        name, values = refusal(merkle, "requireConsistency", old, earlier.root, new, WRONG, proof)
        assert (name, values[3]) in (
            ("ConsistencyFailed", "0x" + WRONG.hex()),
            ("ConsistencyFailed", "0x" + WRONG.hex()),
        )
        longer = [*proof, WRONG]
        expected = ("ProofLengthWrong", (len(longer),))
        assert refusal(merkle, "requireConsistency", old, earlier.root, new, later.root, longer) == expected
        if proof:
            expected = ("ProofLengthWrong", (len(proof) - 1,))
            assert refusal(merkle, "requireConsistency", old, earlier.root, new, later.root, proof[:-1]) == expected
            forged = [WRONG, *proof[1:]]
            name, _ = refusal(merkle, "requireConsistency", old, earlier.root, new, later.root, forged)
            assert name == "ConsistencyFailed"


def test_an_empty_tree_begins_every_tree(merkle: Deployed) -> None:
    nothing = sha256(b"").digest()
    merkle.read("requireConsistency", 0, nothing, 3, WRONG, [])
    merkle.read("requireConsistency", 0, nothing, 0, nothing, [])
    assert refusal(merkle, "requireConsistency", 0, WRONG, 3, nothing, [])[0] == "ConsistencyFailed"
    assert refusal(merkle, "requireConsistency", 0, nothing, 3, nothing, [WRONG]) == ("ProofLengthWrong", (1,))
    assert refusal(merkle, "requireConsistency", 4, nothing, 3, nothing, []) == ("SizesOutOfOrder", (4, 3))
