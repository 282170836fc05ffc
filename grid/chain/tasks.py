"""Celery tasks of the chain. Each sweeps rows: the row is the queue, so a lost message costs nothing."""

import structlog
from celery import shared_task

from grid import clock
from grid.chain.errors import ChainUnavailable
from grid.chain.services import indexer, sender

log = structlog.get_logger()


@shared_task  # type: ignore[untyped-decorator]
def sweep() -> None:
    """Send the outbox, look for confirmations, read back events."""
    now = clock.now()
    try:
        sender.send_pending(now=now)
        sender.confirm_sent(now=now)
        indexer.index(now=now)
    except ChainUnavailable as error:
        log.warning("chain unavailable", error=str(error))
