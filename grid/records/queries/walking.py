"""The log from front to back, every entry of some kinds opened: what projections are rebuilt from."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from grid.domain.entries import EntryKind
from grid.records.models import Entry
from grid.records.queries import keys
from grid.records.queries.entries import LogEntry, open_row

CHUNK = 5_000


@dataclass(frozen=True, slots=True)
class Stretch:
    """Neighbouring entries of the log: those of the kinds asked for, opened, and how many of them are erased."""

    stop: int
    """Index behind the last entry of the stretch."""
    opened: list[LogEntry]
    erased: list[int]
    """Entries of the kinds asked for whose key no longer exists."""


def walk(kinds: Collection[EntryKind], *, first: int, size: int) -> Iterator[Stretch]:
    """Yield the log's entries [first, size) in order, stretch by stretch. Raises LogDamaged that names an entry."""
    while first < size:
        stop = min(first + CHUNK, size)
        rows = list(Entry.objects.filter(index__gte=first, index__lt=stop, kind__in=list(kinds)).order_by("index"))
        handles = keys.by_id({row.key_id for row in rows})
        opened = [open_row(row, handles[row.key_id]) for row in rows if row.key_id in handles]
        yield Stretch(stop, opened, [row.index for row in rows if row.key_id not in handles])
        first = stop
