"""Entries of the log, opened; every one is checked against its leaf hash as it is read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from grid.domain import entries as domain
from grid.domain.entries import EntryKind
from grid.domain.words import Value
from grid.records.blocks import Block, Layout, layout_of, open_entry
from grid.records.errors import Erased, NotInLog
from grid.records.queries import blocks, keys
from grid.records.queries.words import Book


@dataclass(frozen=True, slots=True)
class LogEntry:
    """An opened entry. `leaf` is the leaf data that hashes to `leaf_hash`; `fields` has its salt too."""

    index: int
    kind: EntryKind
    leaf_hash: bytes
    leaf: bytes
    document: bytes | None
    created_at: datetime

    @property
    def fields(self) -> dict[str, Value]:
        return domain.decode(self.kind, self.leaf)


@dataclass(frozen=True, slots=True)
class Stub:
    """What is known of an entry without opening it: never a word of its content."""

    index: int
    kind: EntryKind
    leaf_hash: bytes
    created_at: datetime
    key_id: int


def entry(index: int) -> LogEntry:
    """Return one entry. Raises NotInLog, Erased, or LogDamaged when it does not have its hash."""
    return entries([index])[0]


def entries(indices: Sequence[int]) -> list[LogEntry]:
    """Return several entries, in the order asked for; raises as `entry`."""
    found = blocks.holding(indices)
    if len(found) < len(set(indices)):
        raise NotInLog(f"The log has no entry {next(index for index in indices if index not in found)}.")
    layouts = {block.first: layout_of(block) for block in found.values()}
    wanted = {index: layouts[block.first].key_ids[index - block.first] for index, block in found.items()}
    opened = keys.by_id(wanted.values())
    book = Book()
    answer = []
    for index in indices:
        block, handle = found[index], opened.get(wanted[index])
        if handle is None:
            raise Erased(f"Entry {index} was erased: its key no longer exists.")
        kind, leaf, content = open_entry(block, layouts[block.first], index, key=handle, scope=handle.scope, book=book)
        answer.append(LogEntry(index, kind, block.leaf_hash(index), leaf, content, block.created_at))
    return answer


def decoded(index: int) -> dict[str, Value]:
    """Return the fields of one entry, with its salt; raises as `entry`."""
    return entry(index).fields


def document(index: int) -> bytes | None:
    """Return the document kept beside an entry; raises as `entry`."""
    return entry(index).document


def leaf_hash(index: int) -> bytes:
    """Return the stored leaf hash of an entry, which outlives its key. Raises NotInLog."""
    return leaf_hashes([index])[index]


def leaf_hashes(indices: Sequence[int]) -> dict[int, bytes]:
    """Return the stored leaf hashes of several entries. Raises NotInLog."""
    found = blocks.leaf_hashes(indices)
    for index in indices:
        if index not in found:
            raise NotInLog(f"The log has no entry {index}.")
    return found


def stub(index: int) -> Stub:
    """Return what is known of an entry without opening it. Raises NotInLog."""
    found = blocks.holding([index])
    if index not in found:
        raise NotInLog(f"The log has no entry {index}.")
    return _stub(found[index], layout_of(found[index]), index)


def scope_of(stub: Stub) -> UUID | None:
    """Return whose entry it is: the scope of its key, or None when that was erased."""
    handle = keys.by_id([stub.key_id]).get(stub.key_id)
    return handle.scope if handle else None


def recent(limit: int) -> list[Stub]:
    """Return the end of the log, newest first, unopened."""
    found: list[Stub] = []
    for block in blocks.latest(limit):
        layout = layout_of(block)
        found += [_stub(block, layout, index) for index in reversed(range(block.first, block.first + block.size))]
    return found[:limit]


def _stub(block: Block, layout: Layout, index: int) -> Stub:
    position = index - block.first
    return Stub(index, layout.kind(position), block.leaf_hash(index), block.created_at, layout.key_ids[position])
