"""Erasing what a point used in a month: its key, and every row that says it in the clear.

The entries stay in the log with their hashes, so that every other proof holds; nobody can open them again.
Other apps say what they still need a month for (`register_guard`) and which rows of theirs show it
(`register_projection`); the log itself keeps a month for `settings.RETENTION_MONTHS` after its end.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import transaction

from grid.domain.entries import EntryKind
from grid.domain.slots import day_of_date
from grid.records.errors import NotErasable
from grid.records.models import Erasure, LogKey
from grid.records.queries import keys as key_queries
from grid.records.queries.entries import stub
from grid.records.services.entries import NewEntry, append
from grid.records.services.keys import lock_log

LOG_SCOPE = UUID(int=0)
"""The scope of what belongs to the log itself: its key seals tombstones, and is never erased."""


class Needed(NamedTuple):
    """Why a month cannot be erased yet; `until` is None where no date ends it."""

    what: str
    until: datetime | None


Guard = Callable[[UUID, date, datetime], Iterable[Needed]]
"""Given scope, month and now: what the month is still needed for."""

Projection = Callable[[UUID, date], int]
"""Given scope and month: removes the rows that show it in the clear, and returns how many there were."""

_guards: list[Guard] = []
_projections: dict[str, Projection] = {}


@dataclass(frozen=True)
class Report:
    """What was erased, or would be."""

    scope: UUID
    period: date
    rows: dict[str, int] = field(default_factory=dict)
    log_index: int | None = None
    """TOMBSTONE entry; None in a dry run."""
    before: bool = False
    """It had been erased before: nothing was done."""


def register_guard(guard: Guard) -> None:
    """Let an app say what it still needs a month for."""
    if guard not in _guards:
        _guards.append(guard)


def register_projection(name: str, remove: Projection) -> None:
    """Let an app remove its rows of an erased month; `name` says which, as the report names them."""
    _projections[name] = remove


def erase(*, scope: UUID, period: date, reason: str, now: datetime, dry_run: bool = False) -> Report:
    """Erase the key of a scope (metering point) and month, and the rows that show what it sealed.

    Idempotent. Raises NotErasable that says what the month is needed for and until when, or that there is
    no such key, or no reason. A dry run does everything and takes it back.
    """
    period = period.replace(day=1)
    with transaction.atomic():
        lock_log()
        done = Erasure.objects.filter(scope=scope, period=period).first()
        if done:
            return Report(scope, period, log_index=done.log_index, before=True)
        row = LogKey.objects.filter(scope=scope, period=period).first()
        _refuse(scope, period, reason, row, now)
        assert row is not None  # _refuse saw it
        rows = {name: remove(scope, period) for name, remove in _projections.items()}
        index = _bury(row, reason.strip(), now)
        if dry_run:
            transaction.set_rollback(True)
            return Report(scope, period, rows)
    key_queries.forget()
    return Report(scope, period, rows, index)


def retained_until(period: date) -> datetime:
    """Return when the retention of a month ends."""
    months = period.year * 12 + period.month + settings.RETENTION_MONTHS
    return datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC)


def _refuse(scope: UUID, period: date, reason: str, row: LogKey | None, now: datetime) -> None:
    if not reason.strip():
        raise NotErasable("An erasure needs a reason: it is kept in the log.")
    if scope == LOG_SCOPE:
        raise NotErasable("The log's own key tells what was erased: it stays.")
    if row is None:
        raise NotErasable(f"There is no key of {scope} for {period:%Y-%m}: nothing was ever sealed for that month.")
    needed = [each for guard in _guards for each in guard(scope, period, now)]
    ends = retained_until(period)
    if now < ends:
        needed.append(Needed("its retention", ends))
    if needed:
        reasons = "; ".join(
            f"{each.what} until {each.until:%Y-%m-%d %H:%M} UTC" if each.until else each.what for each in needed
        )
        raise NotErasable(f"{period:%Y-%m} of {scope} cannot be erased yet. Still open: {reasons}.")


def _bury(row: LogKey, reason: str, now: datetime) -> int:
    """Append the TOMBSTONE, note the erasure, and destroy the key; return the entry's index."""
    key_hash = sha256(key_queries.open_row(row).key).digest()
    tombstone = NewEntry(
        EntryKind.TOMBSTONE,
        {
            "scope": row.scope.int.to_bytes(32, "big"),
            "period": day_of_date(row.period),
            "keyHash": key_hash,
        },
        LOG_SCOPE,
        now.date(),
        reason.encode(),
    )
    (index,) = append(entries=[tombstone], now=now)
    erased_at = stub(index).created_at
    Erasure.objects.create(
        scope=row.scope,
        period=row.period,
        key_id=row.id,
        key_hash=key_hash,
        reason=reason,
        log_index=index,
        erased_at=erased_at,
    )
    row.delete()
    return index
