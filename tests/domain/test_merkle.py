from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grid.domain import merkle
from grid.domain.merkle import EMPTY_ROOT, MerkleTree, ProofError


def leaves(count):
    return [merkle.leaf_hash(index.to_bytes(32, "big")) for index in range(count)]


def slow_root(hashes):
    """RFC 6962 §2.1, word for word."""
    if not hashes:
        return sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return sha256(b"\x01" + slow_root(hashes[:split]) + slow_root(hashes[split:])).digest()


def slow_inclusion(index, hashes):
    if len(hashes) == 1:
        return []
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    if index < split:
        return [*slow_inclusion(index, hashes[:split]), slow_root(hashes[split:])]
    return [*slow_inclusion(index - split, hashes[split:]), slow_root(hashes[:split])]


def slow_consistency(old, hashes, whole=True):
    if old == len(hashes):
        return [] if whole else [slow_root(hashes)]
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    if old <= split:
        return [*slow_consistency(old, hashes[:split], whole), slow_root(hashes[split:])]
    return [*slow_consistency(old - split, hashes[split:], False), slow_root(hashes[:split])]


@pytest.mark.parametrize("size", range(41))
def test_roots_are_those_of_the_slow_reference(size):
    hashes = leaves(size)
    tree = MerkleTree(hashes)
    assert merkle.root(hashes) == tree.root == slow_root(hashes)
    assert merkle.root_of(size, MerkleTree(leaves(64)).node) == tree.root


@pytest.mark.parametrize("size", range(1, 34))
def test_proofs_are_those_of_the_slow_reference(size):
    hashes = leaves(size)
    tree = MerkleTree(hashes)
    for index in range(size):
        assert tree.inclusion_proof(index) == slow_inclusion(index, hashes)
    for old in range(1, size):
        assert tree.consistency_proof(old) == slow_consistency(old, hashes)


@given(st.data())
def test_every_leaf_of_a_tree_is_proven(data):
    size = data.draw(st.integers(1, 300))
    index = data.draw(st.integers(0, size - 1))
    tree = MerkleTree(leaves(size))
    proof = tree.inclusion_proof(index)
    merkle.verify_inclusion(tree.node(0, index), index, size, proof, tree.root)
    assert len(proof) <= (size - 1).bit_length()
    with pytest.raises(ProofError):
        merkle.verify_inclusion(merkle.leaf_hash(b"other"), index, size, proof, tree.root)


@given(st.data())
def test_a_proof_holds_for_no_other_place(data):
    """In a tree of one size; size and root belong together and are trusted together."""
    size = data.draw(st.integers(2, 100))
    index = data.draw(st.integers(0, size - 1))
    claimed = data.draw(st.integers(-1, 110).filter(lambda other: other != index))
    tree = MerkleTree(leaves(size))
    with pytest.raises(ProofError):
        merkle.verify_inclusion(tree.node(0, index), claimed, size, tree.inclusion_proof(index), tree.root)


@given(st.data())
def test_every_tree_is_proven_to_extend_the_older_one(data):
    new = data.draw(st.integers(0, 300))
    old = data.draw(st.integers(0, new))
    node = MerkleTree(leaves(300)).node
    before, after = merkle.root_of(old, node), merkle.root_of(new, node)
    proof = merkle.consistency_proof(old, new, node)
    merkle.verify_consistency(old, before, new, after, proof)
    wrong = merkle.leaf_hash(b"other")
    for roots in ((wrong, after), (before, wrong)):
        if old or roots[1] is not wrong:
            with pytest.raises(ProofError):
                merkle.verify_consistency(old, roots[0], new, roots[1], proof)


@given(st.data())
def test_a_rewritten_history_is_not_consistent(data):
    new = data.draw(st.integers(2, 80))
    old = data.draw(st.integers(1, new - 1))
    changed = data.draw(st.integers(0, old - 1))
    hashes = leaves(new)
    before = merkle.root(hashes[:old])
    hashes[changed] = merkle.leaf_hash(b"rewritten")
    forged = MerkleTree(hashes)
    with pytest.raises(ProofError):
        merkle.verify_consistency(old, before, new, forged.root, forged.consistency_proof(old))


def test_the_error_carries_both_roots():
    tree = MerkleTree(leaves(5))
    with pytest.raises(ProofError) as caught:
        merkle.verify_inclusion(merkle.leaf_hash(b"x"), 3, 5, tree.inclusion_proof(3), tree.root)
    assert caught.value.expected == tree.root
    assert caught.value.calculated is not None
    assert caught.value.calculated.hex() in str(caught.value)


def test_hashes_of_another_length_are_refused():
    tree = MerkleTree(leaves(2))
    with pytest.raises(ProofError, match="31 bytes"):
        merkle.verify_inclusion(tree.node(0, 0), 0, 2, [bytes(31)], tree.root)
    with pytest.raises(ProofError, match="33 bytes"):
        merkle.verify_consistency(1, tree.node(0, 0), 2, tree.root, [bytes(33)])


def test_leaf_and_node_hashes_differ_on_the_same_bytes():
    left, right = leaves(2)
    assert merkle.leaf_hash(left + right) != merkle.node_hash(left, right)


def test_requests_outside_the_tree_are_refused():
    tree = MerkleTree(leaves(4))
    with pytest.raises(ValueError, match="index 4"):
        tree.inclusion_proof(4)
    with pytest.raises(ValueError, match="old size 5"):
        tree.consistency_proof(5)
    with pytest.raises(ValueError, match="negative"):
        merkle.root_of(-1, tree.node)


def test_the_empty_tree():
    assert MerkleTree([]).root == merkle.root([]) == EMPTY_ROOT
    merkle.verify_consistency(0, EMPTY_ROOT, 0, EMPTY_ROOT, [])
    with pytest.raises(ProofError):
        merkle.verify_consistency(0, EMPTY_ROOT, 0, bytes(32), [])
