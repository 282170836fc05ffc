"""What anchoring costs at ten million entries."""

from typing import Any

from grid.config.bench.settlement.chain import Chain, Cost
from grid.config.bench.settlement.tree import SparseLog

SIZES = (8_388_607, 9_999_999, 12_582_911)
"""Sizes with many ones in binary, so that the last proof is near its longest."""

ANCHORER_ROLE = 2


def measure(chain: Chain) -> tuple[int, Cost]:
    """Grow a log of its own in three checkpoints; return the last one's number of hashes and its cost."""
    from grid.chain import keys

    manager, anchorer = chain.addresses["AccessManager"], keys.address("anchorer")
    anchor = chain.create("RecordAnchor", manager)
    selector = chain.artifact("RecordAnchor").selector("anchor")
    grant = [anchor, [selector], ANCHORER_ROLE]
    chain.send(keys.address("deployer"), "AccessManager", "setTargetFunctionRole", grant)
    log = SparseLog({}, SIZES)
    previous: list[Any] = [0, 0, 0, bytes(32)]
    proof, cost, old = list[bytes](), Cost(0, 0, 0), 0
    for seq, size in enumerate(SIZES):
        proof, root = log.consistency(old, size) if old else [], log.root(size)
        cost = chain.send(anchorer, "RecordAnchor", "anchor", [seq, previous, size, root, proof], to=anchor)
        previous, old = [seq, size, chain.client.head().timestamp, root], size
    return len(proof), cost
