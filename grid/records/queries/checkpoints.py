"""Signed and anchored sizes of the log."""

from grid.records.models import Checkpoint


def latest_signed() -> Checkpoint | None:
    """Return the checkpoint of the largest size, anchored or not."""
    return Checkpoint.objects.order_by("-size").first()


def latest_anchored() -> Checkpoint | None:
    """Return the last checkpoint that stands in RecordAnchor."""
    return Checkpoint.objects.filter(anchored_at__isnull=False).order_by("-seq").first()


def anchored_checkpoint_covering(size: int) -> Checkpoint | None:
    """Return the first anchored checkpoint that covers the log's first `size` entries."""
    return Checkpoint.objects.filter(anchored_at__isnull=False, size__gte=size).order_by("seq").first()


def checkpoint_of_seq(seq: int) -> Checkpoint | None:
    """Return the checkpoint that RecordAnchor knows under `seq`."""
    return Checkpoint.objects.filter(seq=seq).first()
