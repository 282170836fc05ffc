"""The log from front to back, every entry of some kinds opened: what projections are rebuilt from."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from grid.domain.entries import EntryKind
from grid.records.blocks import Block, layout_of, open_entry
from grid.records.errors import LogDamaged
from grid.records.queries import blocks, keys
from grid.records.queries.entries import LogEntry
from grid.records.queries.words import Book

BLOCKS = 40
"""Blocks read at once: at most some ten thousand entries."""


@dataclass(slots=True)
class Stretch:
    """Neighbouring blocks of the log: the entries of the kinds asked for, opened, and those that are erased."""

    stop: int
    """Index behind the last entry of the stretch."""
    opened: list[LogEntry] = field(default_factory=list)
    erased: list[int] = field(default_factory=list)
    """Entries of the kinds asked for whose key no longer exists."""


def walk(kinds: Collection[EntryKind], *, first: int, size: int) -> Iterator[Stretch]:
    """Yield the log's entries [first, size) in order, some blocks at a time; both bounds lie between blocks.

    Raises LogDamaged that names an entry which is missing or does not open.
    """
    book = Book()
    while first < size:
        found = [block for block in blocks.following(first, BLOCKS) if block.first < size]
        stretch = Stretch(first)
        for block in found:
            if block.first != stretch.stop:
                raise LogDamaged(f"Entry {stretch.stop} is missing; the next one is {block.first}.")
            _open(block, kinds, book, stretch)
            stretch.stop += block.size
        if not found:
            raise LogDamaged(f"Entry {first} is missing, and every one after it.")
        first = stretch.stop
        yield stretch


def _open(block: Block, kinds: Collection[EntryKind], book: Book, stretch: Stretch) -> None:
    """Add a block's entries of some kinds to the stretch."""
    layout = layout_of(block)
    wanted = [position for position in range(block.size) if layout.kind(position) in kinds]
    handles = keys.by_id({layout.key_ids[position] for position in wanted})
    for position in wanted:
        index, handle = block.first + position, handles.get(layout.key_ids[position])
        if handle is None:
            stretch.erased.append(index)
            continue
        kind, leaf, content = open_entry(block, layout, index, key=handle, scope=handle.scope, book=book)
        stretch.opened.append(LogEntry(index, kind, block.leaf_hash(index), leaf, content, block.created_at))
