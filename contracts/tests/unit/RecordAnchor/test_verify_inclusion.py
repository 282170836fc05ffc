import pytest
import trees
from world import refused

LEAVES = [trees.leaf(bytes([i])) for i in range(13)]


@pytest.fixture
def anchor(world):
    """The log of the community, grown from its single entry to 13."""
    leaves = [first(world), *LEAVES[1:]]
    world.grow(13, trees.root(leaves), trees.consistency(1, leaves))
    return world.anchor


def first(world) -> bytes:
    return world.checkpoints[0][3]


def test_every_entry_is_found_where_it_stands_and_nowhere_else(anchor, world):
    leaves = [first(world), *LEAVES[1:]]
    for index in range(13):
        proof = trees.inclusion(index, leaves)
        assert anchor.verifyInclusion(world.checkpoints[1], leaves[index], index, proof)
        assert not anchor.verifyInclusion(world.checkpoints[1], trees.leaf(b"other"), index, proof)
    assert not anchor.verifyInclusion(world.checkpoints[1], leaves[3], 2, trees.inclusion(3, leaves))


def test_node_offered_as_leaf_is_refused(anchor, world):
    leaves = [first(world), *LEAVES[1:]]
    with refused("ProofLengthWrong", 3):
        anchor.verifyInclusion(
            world.checkpoints[1], trees.node(leaves[2], leaves[3]), 1, trees.inclusion(2, leaves)[1:]
        )


def test_index_outside__reverts(anchor, world):
    with refused("IndexOutOfRange", 13, 13):
        anchor.verifyInclusion(world.checkpoints[1], LEAVES[0], 13, [])


def test_unknown_checkpoint__reverts(anchor, world):
    seq, size, anchored_at, root = world.checkpoints[1]
    for other in (
        (2, size, anchored_at, root),
        (seq, size + 1, anchored_at, root),
        (seq, size, anchored_at - 1, root),
        (seq, size, anchored_at, LEAVES[0]),
    ):
        assert not anchor.isAnchored(other)
        with refused("UnknownCheckpoint", other[0], 2):
            anchor.verifyInclusion(other, LEAVES[0], 0, [])
    assert anchor.isAnchored(world.checkpoints[1])


def test_latest_of_an_empty_log__reverts(world, project):
    empty = project.RecordAnchor.deploy(world.manager, {"from": world.admin})
    with refused("UnknownCheckpoint", 0, 0):
        empty.latest()
