"""What anchoring costs at ten million entries."""

from grid.config.bench.settlement.chain import Chain, Cost
from grid.config.bench.settlement.tree import SparseLog

SIZES = (8_388_607, 9_999_999, 12_582_911)
"""Sizes with many ones in binary, so that the last proof is near its longest."""

NO_CHECKPOINT = {"seq": 0, "size": 0, "anchoredAt": 0, "root": bytes(32)}


class Anchored:
    """A log grown in three checkpoints, the last of which is what is measured."""

    def __init__(self, chain: Chain, log: SparseLog) -> None:
        from grid.chain import keys

        anchorer = keys.address("anchorer")
        self.log = log
        self.checkpoint = NO_CHECKPOINT
        old = 0
        for seq, size in enumerate(SIZES):
            proof = log.consistency(old, size) if old else []
            root = log.root(size)
            self.cost = chain.send(anchorer, "RecordAnchor", "anchor", [seq, self.checkpoint, size, root, proof])
            self.hashes = len(proof)
            self.checkpoint = {
                "seq": seq,
                "size": size,
                "anchoredAt": chain.client.head().timestamp,
                "root": root,
            }
            old = size

    def cost_line(self) -> tuple[str, Cost]:
        """What to call the last anchoring, and its cost."""
        return f"anchor at ten million entries, proof of {self.hashes} hashes", self.cost
