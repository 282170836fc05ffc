"""Log keys, opened and kept for this process."""

from collections.abc import Collection, Iterable
from datetime import date
from uuid import UUID

from django.db import transaction

from grid.records import sealing
from grid.records.models import LogKey
from grid.records.queries import words
from grid.records.sealing import KeyHandle

Owner = tuple[UUID, date]
"""Whose key: a scope, and the first day of a month."""

CACHE_LIMIT = 50_000

_by_owner: dict[Owner, KeyHandle] = {}
_by_id: dict[int, KeyHandle] = {}


def find(owners: Collection[Owner]) -> dict[Owner, KeyHandle]:
    """Return the keys that exist among those asked for."""
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
    ids = set(ids)
    found = {key_id: _by_id[key_id] for key_id in ids if key_id in _by_id}
    if len(found) < len(ids):
        rows = LogKey.objects.filter(id__in=ids - found.keys())
        opened = _open({(row.scope, row.period): row for row in rows})
        found.update({handle.id: handle for handle in opened.values()})
    return found


def forget() -> None:
    """Drop every opened key of this process, as after an erasure."""
    _by_owner.clear()
    _by_id.clear()
    words.forget()


def _open(rows: dict[Owner, LogKey]) -> dict[Owner, KeyHandle]:
    handles = {
        (scope, period): KeyHandle.of(row.id, scope, sealing.unwrap(bytes(row.wrapped), scope=scope, period=period))
        for (scope, period), row in rows.items()
    }
    # A key made in this very transaction may yet be rolled back: only a committed one is remembered.
    transaction.on_commit(lambda: _remember(handles))
    return handles


def _remember(handles: dict[Owner, KeyHandle]) -> None:
    if len(_by_owner) + len(handles) > CACHE_LIMIT:
        forget()
    _by_owner.update(handles)
    _by_id.update({handle.id: handle for handle in handles.values()})
