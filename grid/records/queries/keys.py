"""Log keys, opened and kept for this process, until one is erased by any process."""

import time
from collections.abc import Collection, Iterable
from datetime import date
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from grid.records import sealing
from grid.records.models import Erasure, LogKey
from grid.records.queries import words
from grid.records.sealing import KeyHandle

Owner = tuple[UUID, date]
"""Whose key: a scope, and the first day of a month."""

CACHE_LIMIT = 50_000
FRESH_SECONDS = 1.0
"""How long a process may go on with a key that another one erased; an append never does (`refresh`)."""

_by_owner: dict[Owner, KeyHandle] = {}
_by_id: dict[int, KeyHandle] = {}
_erasures = 0
"""The newest erasure that this process has heeded."""
_looked_at = float("-inf")


def find(owners: Collection[Owner]) -> dict[Owner, KeyHandle]:
    """Return the keys that exist among those asked for."""
    _heed_erasures()
    found: dict[Owner, KeyHandle] = {}
    missing = []
    for owner in owners:  # each look-up hashes a UUID, which is slow
        handle = _by_owner.get(owner)
        if handle is None:
            missing.append(owner)
        else:
            found[owner] = handle
    if missing:
        wanted = set(missing)
        rows = LogKey.objects.filter(
            scope__in={scope for scope, _ in missing}, period__in={period for _, period in missing}
        )
        opened = {(row.scope, row.period): row for row in rows if (row.scope, row.period) in wanted}
        found.update(_open(opened))
    return found


def by_id(ids: Iterable[int]) -> dict[int, KeyHandle]:
    """Return the keys with these ids; an erased one is absent."""
    _heed_erasures()
    ids = set(ids)
    found = {key_id: _by_id[key_id] for key_id in ids if key_id in _by_id}
    if len(found) < len(ids):
        rows = LogKey.objects.filter(id__in=ids - found.keys())
        opened = _open({(row.scope, row.period): row for row in rows})
        found.update({handle.id: handle for handle in opened.values()})
    return found


def erased(owners: Collection[Owner]) -> set[Owner]:
    """Return those whose key was erased, so that no other may be made."""
    rows = Erasure.objects.filter(scope__in={scope for scope, _ in owners}, period__in={period for _, period in owners})
    return set(owners) & {(row.scope, row.period) for row in rows}


def refresh(newest: int) -> None:
    """Drop the keys of erasures up to `newest`, the id of the last one, which the caller has just read."""
    global _erasures, _looked_at
    _looked_at = time.monotonic()
    if newest != _erasures:
        # Rare, so everything goes: no need to know which erasure was whose.
        forget()
        _erasures = newest


def forget() -> None:
    """Drop every opened key of this process, as after an erasure."""
    global _looked_at
    _by_owner.clear()
    _by_id.clear()
    words.forget()
    _looked_at = float("-inf")


def _heed_erasures() -> None:
    """Learn of erasures, other processes' too, unless this was done a moment ago."""
    if time.monotonic() - _looked_at > FRESH_SECONDS:
        refresh(Erasure.objects.aggregate(newest=Max("id"))["newest"] or 0)


def _open(rows: dict[Owner, LogKey]) -> dict[Owner, KeyHandle]:
    handles = {owner: open_row(row) for owner, row in rows.items()}
    # A key made in this very transaction may yet be rolled back: only a committed one is remembered.
    seen = _erasures
    transaction.on_commit(lambda: _remember(handles, seen))
    return handles


def open_row(row: LogKey) -> KeyHandle:
    """Return a key as its row says it. Raises LogDamaged when the row was changed."""
    key = sealing.unwrap(bytes(row.wrapped), scope=row.scope, period=row.period, created_at=row.created_at)
    return KeyHandle.of(row.id, row.scope, key)


def _remember(handles: dict[Owner, KeyHandle], seen: int) -> None:
    if seen != _erasures:
        return  # one of them may have been erased since
    if len(_by_owner) + len(handles) > CACHE_LIMIT:
        forget()
    _by_owner.update(handles)
    _by_id.update({handle.id: handle for handle in handles.values()})
