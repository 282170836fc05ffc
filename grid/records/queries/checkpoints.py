"""Signed and anchored sizes of the log."""

import struct
from datetime import datetime
from typing import Any

from django.db.models import OuterRef, Subquery

from grid.records import log_key
from grid.records.blocks import microseconds
from grid.records.errors import LogDamaged
from grid.records.models import Checkpoint

NONE_BEFORE: dict[str, Any] = {"seq": 0, "size": 0, "anchoredAt": 0, "root": bytes(32)}
"""What RecordAnchor takes as the checkpoint before the first."""


def mac(*, size: int, root: bytes, note: str, created_at: datetime, previous: int) -> bytes:
    """Return the mark by which a check of the log sees that a checkpoint was changed, or the one before removed.

    `previous` is the size of the checkpoint before, 0 for the first.
    """
    place = struct.pack(">qqq", previous, size, microseconds(created_at))
    return log_key.mac(b"checkpoint" + place + root + note.encode())[:16]


def chain_fields(row: Checkpoint) -> dict[str, Any]:
    """Return an anchored checkpoint as RecordAnchor hashed it. Raises LogDamaged when it is not anchored."""
    if row.seq is None or row.anchored_at is None:
        raise LogDamaged(f"Checkpoint {row.size} is not anchored.")
    anchored_at = int(row.anchored_at.timestamp())
    return {"seq": row.seq, "size": row.size, "anchoredAt": anchored_at, "root": bytes(row.root)}


def latest_signed() -> Checkpoint | None:
    """Return the checkpoint of the largest size, anchored or not."""
    return Checkpoint.objects.order_by("-size").first()


def latest_anchored() -> Checkpoint | None:
    """Return the last checkpoint that stands in RecordAnchor."""
    return Checkpoint.objects.filter(anchored_at__isnull=False).order_by("-seq").first()


def anchored_checkpoint_covering(size: int) -> Checkpoint | None:
    """Return the first anchored checkpoint that covers the log's first `size` entries."""
    return Checkpoint.objects.filter(anchored_at__isnull=False, size__gte=size).order_by("seq").first()


def first_anchored_at(index: str) -> Subquery:
    """Return an expression: when the entry whose index stands in field `index` was first anchored.

    That is the block time of the first anchored checkpoint whose size is above the index; null while there
    is none. One entry precedes a moment when this is not after it (PROTOCOL §1). One index look-up a row.
    """
    covering = Checkpoint.objects.filter(anchored_at__isnull=False, size__gt=OuterRef(index)).order_by("size")
    return Subquery(covering.values("anchored_at")[:1])


def checkpoint_of_seq(seq: int) -> Checkpoint | None:
    """Return the checkpoint that RecordAnchor knows under `seq`."""
    return Checkpoint.objects.filter(seq=seq).first()
