"""Celery tasks of the log: sign, anchor, note. Each sweeps rows, so a lost message costs nothing."""

from celery import shared_task

from grid import clock
from grid.records.services import checkpoints


@shared_task
def anchor() -> None:
    """Sign what was appended and ask for it to be anchored."""
    now = clock.now()
    checkpoints.note_anchored(now=now)
    checkpoints.sign_checkpoint(now=now)
    checkpoints.enqueue_anchor(now=now)
