import pytest
import trees
from brownie import reverts
from eth_abi import encode
from eth_utils import keccak
from world import NO_CHECKPOINT, grow, refused

LEAVES = [trees.leaf(bytes([i])) for i in range(20)]


@pytest.fixture
def anchor(world, project):
    """A log of its own, empty."""
    fresh = project.RecordAnchor.deploy(world.manager, {"from": world.admin})
    world.manager.setTargetFunctionRole(fresh, [fresh.anchor.signature], 2, {"from": world.admin})
    return fresh


@pytest.fixture
def three(anchor, world):
    """Its first checkpoint, of three entries."""
    return grow(anchor, None, 3, trees.root(LEAVES[:3]), [], world)[1]


def digest(checkpoint) -> bytes:
    return keccak(encode(["uint64", "uint64", "uint64", "bytes32"], checkpoint))


def test_checkpoints_follow_one_another(anchor, world):
    last = None
    for size in (1, 2, 7, 8, 20):
        proof = trees.consistency(last[1], LEAVES[:size]) if last else []
        root = trees.root(LEAVES[:size])
        tx, last = grow(anchor, last, size, root, proof, world)
        assert tx.events["CheckpointAnchored"] == {"seq": last[0], "size": size, "root": "0x" + root.hex()}
        assert bytes(anchor.digestOf(last[0])) == digest(last)
        assert anchor.isAnchored(last)
    assert anchor.checkpointCount() == 5
    seq, newest = anchor.latest()
    assert (seq, bytes(newest)) == (4, digest(last))
    assert not anchor.isAnchored((5, *last[1:]))


def test_edited_history__reverts(anchor, world, three):
    edited = [LEAVES[9], *LEAVES[1:7]]
    with reverts():
        grow(anchor, three, 7, trees.root(edited), trees.consistency(3, edited), world)
    assert anchor.checkpointCount() == 1


def test_shrinking_or_standing_log__reverts(anchor, world, three):
    with refused("LogDidNotGrow", 3, 3):
        grow(anchor, three, 3, three[3], [], world)
    with refused("LogDidNotGrow", 3, 2):
        grow(anchor, three, 2, three[3], [], world)


def test_empty_log__reverts(anchor, world):
    with refused("LogDidNotGrow", 0, 0):
        grow(anchor, None, 0, trees.root([]), [], world)


def test_skipped_or_repeated_number__reverts(anchor, world):
    with refused("UnexpectedSequence", 1, 0):
        anchor.anchor(1, NO_CHECKPOINT, 1, LEAVES[0], [], {"from": world.anchorer})
    grow(anchor, None, 1, LEAVES[0], [], world)
    with refused("UnexpectedSequence", 0, 1):
        anchor.anchor(0, NO_CHECKPOINT, 1, LEAVES[0], [], {"from": world.anchorer})


def test_another_checkpoint_before__reverts(anchor, world, three):
    root, proof = trees.root(LEAVES[:7]), trees.consistency(3, LEAVES[:7])
    seq, size, anchored_at, old = three
    for wrong in (
        NO_CHECKPOINT,
        (seq + 1, size, anchored_at, old),
        (seq, size - 1, anchored_at, old),
        (seq, size, anchored_at + 1, old),
        (seq, size, anchored_at, LEAVES[0]),
    ):
        with refused("PreviousCheckpointWrong", 1, digest(wrong), digest(three)):
            anchor.anchor(1, wrong, 7, root, proof, {"from": world.anchorer})
    anchor.anchor(1, three, 7, root, proof, {"from": world.anchorer})


def test_something_before_the_first__reverts(anchor, world):
    for wrong in ((0, 1, 0, NO_CHECKPOINT[3]), (0, 0, 0, trees.root([])), (0, 0, 1, NO_CHECKPOINT[3])):
        with refused("PreviousCheckpointWrong", 0, digest(wrong), NO_CHECKPOINT[3]):
            anchor.anchor(0, wrong, 2, LEAVES[0], [], {"from": world.anchorer})


def test_wrong_proof_length__reverts(anchor, world):
    with refused("ProofLengthWrong", 1):
        grow(anchor, None, 1, LEAVES[0], [keccak(text="x")], world)
    _, three = grow(anchor, None, 3, trees.root(LEAVES[:3]), [], world)
    root, proof = trees.root(LEAVES[:7]), trees.consistency(3, LEAVES[:7])
    for wrong in ([], proof[:-1], [*proof, keccak(text="x")]):
        with refused("ProofLengthWrong", len(wrong)):
            grow(anchor, three, 7, root, wrong, world)


def test_stranger__reverts(anchor, world):
    with refused("AccessManagedUnauthorized", world.mallory):
        anchor.anchor(0, NO_CHECKPOINT, 1, LEAVES[0], [], {"from": world.mallory})
