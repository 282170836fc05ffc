"""Making receipts (`grid.domain.receipts`): one signature per block, the same bytes whenever they are asked for."""

from collections.abc import Collection
from datetime import UTC, timedelta
from functools import lru_cache

from grid.domain import merkle, receipts
from grid.domain.receipts import Receipt
from grid.records import log_key
from grid.records.blocks import Block
from grid.records.errors import NotInLog
from grid.records.log_key import LogSigner
from grid.records.queries import blocks

__all__ = ["ANCHOR_WITHIN", "Receipt", "receipts_for"]

ANCHOR_WITHIN = timedelta(hours=1)
"""How long after its append an entry is on chain at the latest. Receipts are made anew from what is stored: a
change of this promise may hold for blocks from an index on only, lest old receipts change with it."""


def receipts_for(indices: Collection[int]) -> dict[int, Receipt]:
    """Return the receipts of entries, by index; right after the append too, in its transaction.

    Raises NotInLog for an index beyond the end. An erased entry keeps its receipt, as it keeps its hash.
    """
    found = blocks.holding(indices)
    signer = log_key.signer()
    trees: dict[int, tuple[Receipt, list[str], list[list[str]]]] = {}
    answer: dict[int, Receipt] = {}
    for index in indices:
        block = found.get(index)
        if block is None:
            raise NotInLog(f"The log has no entry {index}.")
        if block.first not in trees:
            hashes = merkle.split_hashes(block.hashes)
            root, paths = merkle.audit_paths(hashes)
            trees[block.first] = _promise(signer, block, root.hex()), [item.hex() for item in hashes], paths
        promise, leaves, paths = trees[block.first]
        position = index - block.first
        answer[index] = {**promise, "index": index, "leaf_hash": leaves[position], "path": paths[position]}
    return answer


def _promise(signer: LogSigner, block: Block, root: str) -> Receipt:
    """Return what is the same in all receipts of a block."""
    received_at = int(block.created_at.astimezone(UTC).timestamp())
    anchor_by = received_at + int(ANCHOR_WITHIN.total_seconds())
    message = receipts.signed_bytes(
        log=signer.origin,
        first=block.first,
        size=block.size,
        root=root,
        received_at=received_at,
        anchor_by=anchor_by,
    )
    return Receipt(
        log=signer.origin,
        first=block.first,
        size=block.size,
        root=root,
        received_at=received_at,
        anchor_by=anchor_by,
        signature=_sign(signer, message),
        index=block.first,
        leaf_hash="",
        path=[],
    )


@lru_cache(maxsize=4_096)
def _sign(signer: LogSigner, message: bytes) -> str:
    """Return the signature. Ed25519 gives the same one each time; the cache only saves the work."""
    return signer.sign(message).hex()
