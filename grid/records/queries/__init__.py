"""What can be read of the log: entries, proofs, checkpoints."""

from grid.records.queries.checkpoints import (
    anchored_checkpoint_covering,
    checkpoint_of_seq,
    first_anchored_at,
    latest_anchored,
    latest_signed,
)
from grid.records.queries.entries import LogEntry, decoded, document, entries, entry, leaf_hash
from grid.records.queries.tree import consistency_proof, inclusion_proof, log_size, root_of, tile

__all__ = [
    "LogEntry",
    "anchored_checkpoint_covering",
    "checkpoint_of_seq",
    "consistency_proof",
    "decoded",
    "document",
    "entries",
    "entry",
    "first_anchored_at",
    "inclusion_proof",
    "latest_anchored",
    "latest_signed",
    "leaf_hash",
    "log_size",
    "root_of",
    "tile",
]
