"""Halting the market when the chain took back what was final, and resuming it by hand."""

from datetime import datetime

import structlog
from django.db import connection, transaction

from grid.chain.locks import lock_of
from grid.chain.models import ChainHalt

log = structlog.get_logger()


def halt(*, reason: str, now: datetime) -> ChainHalt:
    """Halt the market, or add a reason to the halt that is open."""
    log.error("market halted", reason=reason)
    with transaction.atomic():
        _one_at_a_time()
        found = ChainHalt.objects.filter(resolved_at__isnull=True).first()
        if found is None:
            return ChainHalt.objects.create(reason=reason, since=now)
        if reason not in found.reason.splitlines():
            found.reason = f"{found.reason}\n{reason}"
            found.save(update_fields=["reason"])
        return found


def resume(*, by: str, note: str, now: datetime) -> ChainHalt | None:
    """Let the market go on; return the halt that ends, or None when there is none.

    Raises ValueError without a name or a note: who resumed, and why it was safe, stays on record.
    """
    if not by.strip() or not note.strip():
        raise ValueError("Say who resumes the market and why it is safe.")
    with transaction.atomic():
        _one_at_a_time()
        found = ChainHalt.objects.filter(resolved_at__isnull=True).first()
        if found is None:
            return None
        found.resolved_at, found.resolved_by, found.note = now, by.strip(), note.strip()
        found.save(update_fields=["resolved_at", "resolved_by", "note"])
    log.warning("market resumed", by=found.resolved_by, note=found.note)
    return found


def _one_at_a_time() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [lock_of("halt")])
