"""RecordAnchor: checkpoints in order, with a proof that the log only grew."""

from typing import Any

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from grid.domain.merkle import MerkleTree
from tests.evm.failures.catalogue import Call, Catalogue, Due, word
from tests.evm.world import NO_CHECKPOINT, World

ANCHOR = Catalogue("RecordAnchor")
failure, works = ANCHOR.failure, ANCHOR.works
ONE = b"\x01" * 32


def checkpoint_digest(checkpoint: dict[str, Any]) -> str:
    return word(keccak(encode(["uint64", "uint64", "uint64", "bytes32"], list(checkpoint.values()))))


@works
def anchor(world: World) -> Call:
    """The checkpoint after one of 6 entries, over 11."""
    world.anchor_entries(5)
    args = world.next_checkpoint(5)
    del world.log.leaves[6:]
    return Call(world.anchor, "anchor", list(args.values()), world["anchorer"])


SEQ, PREVIOUS, SIZE, ROOT, PROOF = range(5)


@failure("a checkpoint by a stranger", "AccessManagedUnauthorized")
def _(world: World) -> Due:
    return Due(anchor(world).by(world["stranger"]), (world["stranger"],))


@failure("a checkpoint by the poster", "AccessManagedUnauthorized")
def _(world: World) -> Due:
    return Due(anchor(world).by(world["poster"]), (world["poster"],))


@failure("a number left out", "UnexpectedSequence")
def _(world: World) -> Due:
    return Due(anchor(world).but(SEQ, 3), (3, 2))


@failure("a number used again", "UnexpectedSequence")
def _(world: World) -> Due:
    return Due(anchor(world).but(SEQ, 1), (1, 2))


@failure("the largest number", "UnexpectedSequence")
def _(world: World) -> Due:
    return Due(anchor(world).but(SEQ, 2**64 - 1), (2**64 - 1, 2))


@failure("the same checkpoint twice", "UnexpectedSequence")
def _(world: World) -> Due:
    call = anchor(world)
    world.anchor.send(call.function, *call.args, sender=call.sender)
    return Due(call, (2, 3))


def after(world: World, **changes: Any) -> Due:
    call = anchor(world)
    previous = call.args[PREVIOUS] | changes
    stored = checkpoint_digest(call.args[PREVIOUS])
    return Due(call.but(PREVIOUS, previous), (2, checkpoint_digest(previous), stored))


@failure("after a checkpoint of another size", "PreviousCheckpointWrong")
def _(world: World) -> Due:
    return after(world, size=5)


@failure("after a checkpoint of another root", "PreviousCheckpointWrong")
def _(world: World) -> Due:
    return after(world, root=ONE)


@failure("after a checkpoint of another time", "PreviousCheckpointWrong")
def _(world: World) -> Due:
    return after(world, anchoredAt=0)


@failure("after a checkpoint of another number", "PreviousCheckpointWrong")
def _(world: World) -> Due:
    return after(world, seq=0)


@failure("as if none had been before", "PreviousCheckpointWrong")
def _(world: World) -> Due:
    return after(world, **NO_CHECKPOINT)


@failure("a log of the same size", "LogDidNotGrow")
def _(world: World) -> Due:
    return Due(anchor(world).but(SIZE, 6), (6, 6))


@failure("a log that shrank", "LogDidNotGrow")
def _(world: World) -> Due:
    return Due(anchor(world).but(SIZE, 0), (6, 0))


@failure("a proof a hash too short", "ProofLengthWrong")
def _(world: World) -> Due:
    call = anchor(world)
    return Due(call.but(PROOF, call.args[PROOF][:-1]), (len(call.args[PROOF]) - 1,))


@failure("a proof a hash too long", "ProofLengthWrong")
def _(world: World) -> Due:
    call = anchor(world)
    return Due(call.but(PROOF, [*call.args[PROOF], ONE]), (len(call.args[PROOF]) + 1,))


@failure("no proof", "ProofLengthWrong")
def _(world: World) -> Due:
    return Due(anchor(world).but(PROOF, []), (0,))


@failure("a root that the proof does not lead to", "ConsistencyFailed")
def _(world: World) -> Due:
    call = anchor(world)
    old, new = word(call.args[PREVIOUS]["root"]), word(call.args[ROOT])
    return Due(call.but(ROOT, ONE), (old, old, new, word(ONE)))


@failure("an entry changed behind its back", "ConsistencyFailed")
def _(world: World) -> Due:
    call = anchor(world)
    leaves = [*world.log.leaves, *[b"\x05" * 32] * 5]
    leaves[2] = ONE
    tree = MerkleTree(leaves)
    forged = call.but(ROOT, tree.root).but(PROOF, tree.consistency_proof(6))
    computed, stored = MerkleTree(leaves[:6]).root, call.args[PREVIOUS]["root"]
    return Due(forged, (word(computed), word(stored), word(tree.root), word(tree.root)))


# Inclusion


def included(world: World) -> Call:
    world.anchor_entries(5)
    checkpoint = world.log.anchored[-1]
    args = [checkpoint, world.log.leaves[2], 2, world.log.tree().inclusion_proof(2)]
    return Call(world.anchor, "verifyInclusion", args, world["stranger"])


@works
def inclusion(world: World) -> Call:
    return included(world)


@failure("an entry under a checkpoint that is not anchored", "UnknownCheckpoint")
def _(world: World) -> Due:
    call = included(world)
    return Due(call.but(0, call.args[0] | {"root": ONE}), (1, 2))


@failure("an entry under a checkpoint to come", "UnknownCheckpoint")
def _(world: World) -> Due:
    call = included(world)
    return Due(call.but(0, call.args[0] | {"seq": 2}), (2, 2))


@failure("an entry beyond the log", "IndexOutOfRange")
def _(world: World) -> Due:
    return Due(included(world).but(2, 6), (6, 6))


@failure("the largest place in the log", "IndexOutOfRange")
def _(world: World) -> Due:
    return Due(included(world).but(2, 2**64 - 1), (2**64 - 1, 6))


@failure("a path a hash too short", "ProofLengthWrong")
def _(world: World) -> Due:
    call = included(world)
    return Due(call.but(3, call.args[3][:-1]), (2,))


@failure("a path a hash too long", "ProofLengthWrong")
def _(world: World) -> Due:
    call = included(world)
    return Due(call.but(3, [*call.args[3], ONE]), (4,))
