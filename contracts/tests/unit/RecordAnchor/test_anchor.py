import pytest
import trees
from brownie import reverts
from eth_utils import keccak
from world import refused

LEAVES = [trees.leaf(bytes([i])) for i in range(20)]


@pytest.fixture
def anchor(world, project):
    """A log of its own, empty."""
    fresh = project.RecordAnchor.deploy(world.manager, {"from": world.admin})
    world.manager.setTargetFunctionRole(fresh, [fresh.anchor.signature], 2, {"from": world.admin})
    return fresh


def test_checkpoints_follow_one_another(anchor, world):
    sizes = [1, 2, 7, 8, 20]
    for seq, size in enumerate(sizes):
        old = sizes[seq - 1] if seq else 0
        proof = trees.consistency(old, LEAVES[:size]) if old else []
        root = trees.root(LEAVES[:size])
        tx = anchor.anchor(seq, old, size, root, proof, {"from": world.anchorer})
        assert tx.events["CheckpointAnchored"] == {"seq": seq, "size": size, "root": "0x" + root.hex()}
        stored = anchor.checkpoints(seq)
        assert (int(stored[0]), int(stored[1]), bytes(stored[2])) == (size, tx.timestamp, root)
    assert anchor.checkpointCount() == len(sizes)
    assert list(map(int, anchor.latest()[:2])) == [4, 20]


def test_edited_history__reverts(anchor, world):
    anchor.anchor(0, 0, 3, trees.root(LEAVES[:3]), [], {"from": world.anchorer})
    edited = [LEAVES[9], *LEAVES[1:7]]
    with reverts():
        anchor.anchor(1, 3, 7, trees.root(edited), trees.consistency(3, edited), {"from": world.anchorer})
    assert anchor.checkpointCount() == 1


def test_shrinking_or_standing_log__reverts(anchor, world):
    root = trees.root(LEAVES[:3])
    anchor.anchor(0, 0, 3, root, [], {"from": world.anchorer})
    with refused("LogDidNotGrow", 3, 3):
        anchor.anchor(1, 3, 3, root, [], {"from": world.anchorer})
    with refused("LogDidNotGrow", 3, 2):
        anchor.anchor(1, 3, 2, root, [], {"from": world.anchorer})


def test_skipped_or_repeated_number__reverts(anchor, world):
    with refused("UnexpectedSequence", 1, 0):
        anchor.anchor(1, 0, 1, LEAVES[0], [], {"from": world.anchorer})
    anchor.anchor(0, 0, 1, LEAVES[0], [], {"from": world.anchorer})
    with refused("UnexpectedSequence", 0, 1):
        anchor.anchor(0, 0, 1, LEAVES[0], [], {"from": world.anchorer})


def test_wrong_old_size__reverts(anchor, world):
    with refused("UnexpectedOldSize", 1, 0):
        anchor.anchor(0, 1, 2, LEAVES[0], [], {"from": world.anchorer})
    anchor.anchor(0, 0, 3, trees.root(LEAVES[:3]), [], {"from": world.anchorer})
    with refused("UnexpectedOldSize", 2, 3):
        proof = trees.consistency(2, LEAVES[:4])
        anchor.anchor(1, 2, 4, trees.root(LEAVES[:4]), proof, {"from": world.anchorer})


def test_wrong_proof_length__reverts(anchor, world):
    with refused("ProofLengthWrong", 1):
        anchor.anchor(0, 0, 1, LEAVES[0], [keccak(text="x")], {"from": world.anchorer})
    anchor.anchor(0, 0, 3, trees.root(LEAVES[:3]), [], {"from": world.anchorer})
    root, proof = trees.root(LEAVES[:7]), trees.consistency(3, LEAVES[:7])
    for wrong in ([], proof[:-1], [*proof, keccak(text="x")]):
        with refused("ProofLengthWrong", len(wrong)):
            anchor.anchor(1, 3, 7, root, wrong, {"from": world.anchorer})


def test_stranger__reverts(anchor, world):
    with refused("AccessManagedUnauthorized", world.mallory):
        anchor.anchor(0, 0, 1, LEAVES[0], [], {"from": world.mallory})
