"""Log keys: made on demand, one per scope and month."""

import os
from collections.abc import Collection
from datetime import date, datetime
from uuid import UUID

from django.db import connection, transaction

from grid.records import sealing
from grid.records.errors import Erased
from grid.records.models import LogKey
from grid.records.queries import keys as key_queries
from grid.records.queries.keys import Owner
from grid.records.sealing import KeyHandle, open_sealed, seal

__all__ = ["KeyHandle", "key_for", "keys_for", "lock_log", "open_sealed", "seal"]

_LOG_LOCK = 0x434F4D4D_4C4F47  # "COMM LOG"


def lock_log() -> None:
    """Take the log's lock until the transaction ends: one appender at a time, so indices have no gaps."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOG_LOCK])


def key_for(*, scope: UUID, period: date, now: datetime) -> KeyHandle:
    """Return the key of `scope` (metering point, or zone) for the UTC month that holds `period`."""
    owner = (scope, period.replace(day=1))
    return keys_for(owners={owner}, now=now)[owner]


def keys_for(*, owners: Collection[Owner], now: datetime) -> dict[Owner, KeyHandle]:
    """Return the keys of several owners at once, making those that do not exist yet.

    Raises Erased for a month whose key was erased.
    """
    found = key_queries.find(owners)
    if len(found) == len(owners):
        return found
    with transaction.atomic():
        # The log's lock before any key row: appenders take them in the same order, so none deadlocks.
        lock_log()
        found = key_queries.find(owners)
        missing = sorted(set(owners) - found.keys())
        for scope, period in key_queries.erased(missing):
            raise Erased(f"The key of {scope} for {period:%Y-%m} was erased: nothing can be added to that month.")
        LogKey.objects.bulk_create(
            LogKey(
                scope=scope,
                period=period,
                wrapped=sealing.wrap(os.urandom(32), scope=scope, period=period, created_at=now),
                created_at=now,
            )
            for scope, period in missing
        )
        return found | key_queries.find(missing)
