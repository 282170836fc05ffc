"""What can be read of the log: entries, proofs, checkpoints."""

from grid.records.queries.blocks import size_at
from grid.records.queries.checkpoints import (
    anchored_checkpoint_covering,
    checkpoint_of_seq,
    first_anchored_at,
    latest_anchored,
    latest_signed,
)
from grid.records.queries.entries import (
    LogEntry,
    Stub,
    decoded,
    document,
    entries,
    entry,
    leaf_hash,
    leaf_hashes,
    recent,
    scope_of,
    stub,
)
from grid.records.queries.tree import Inclusion, consistency_proof, inclusion, inclusion_proof, log_size, root_of, tile

__all__ = [
    "Inclusion",
    "LogEntry",
    "Stub",
    "anchored_checkpoint_covering",
    "checkpoint_of_seq",
    "consistency_proof",
    "decoded",
    "document",
    "entries",
    "entry",
    "first_anchored_at",
    "inclusion",
    "inclusion_proof",
    "latest_anchored",
    "latest_signed",
    "leaf_hash",
    "leaf_hashes",
    "log_size",
    "recent",
    "root_of",
    "scope_of",
    "size_at",
    "stub",
    "tile",
]
