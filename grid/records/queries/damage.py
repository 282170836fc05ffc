"""Checking the whole log: every row of it, and what other apps keep of its entries, and the chain says of it.

The first damage found is named with its place. Other apps take part by `register_checker`.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from grid.domain import merkle
from grid.domain.entries import EntryKind
from grid.records.blocks import Block, Layout, layout_of, mac, open_entry
from grid.records.errors import LogDamaged
from grid.records.models import Tile
from grid.records.queries import blocks
from grid.records.queries.damage_tables import (
    Keys,
    check_anchors,
    check_checkpoint,
    check_checkpoint_rows,
    check_erasures,
    check_words,
)
from grid.records.queries.entries import LogEntry
from grid.records.queries.tree import TILE
from grid.records.queries.words import Book

__all__ = ["Checker", "Health", "check", "check_anchors", "register_checker"]

CHUNK = 40

Progress = Callable[[int], None]


class Checker(Protocol):
    """Compares an app's rows with the entries that they belong to; raises LogDamaged that names the row."""

    def entries(self, batch: Sequence[LogEntry]) -> None:
        """Compare rows with opened entries of the registered kind, in order; erased ones are left out."""

    def finish(self) -> None:
        """After the last entry: look at the rows that belong to none."""


_checkers: list[tuple[EntryKind, Callable[[], Checker]]] = []


def register_checker(kind: EntryKind, make: Callable[[], Checker]) -> None:
    """Let an app take part in checks of the log; `make` is called for each check."""
    if (kind, make) not in _checkers:
        _checkers.append((kind, make))


@dataclass(slots=True)
class Health:
    """What a check found; `damage` names the first bad row, or is empty."""

    size: int = 0
    erased: int = 0
    tiles: int = 0
    checkpoints: int = 0
    anchored: int = 0
    root: bytes = merkle.EMPTY_ROOT
    damage: str = ""


def check(*, with_chain: bool, progress: Progress = lambda done: None) -> Health:
    """Recompute the log from its entries and compare it with everything derived from it.

    Stops at the first damage, as nothing after it can be trusted. Raises ChainUnavailable when
    `with_chain` and the node does not answer.
    """
    health = Health()
    tree = _Tree(health)
    try:
        check_words()
        wanted = check_checkpoint_rows()
        scan = _Scan(health, Keys())
        for leaf_hash in scan.leaf_hashes(progress):
            tree.add(leaf_hash)
            if health.size in wanted:
                check_checkpoint(wanted[health.size], tree.root())
                health.checkpoints += 1
        tree.finish()
        beyond = [size for size in wanted if size > health.size]
        if beyond:
            raise LogDamaged(f"Checkpoint {beyond[0]} covers more than the {health.size} entries there are.")
        check_erasures(scan.tombstones, scan.keys)
        for _, checker in scan.checkers:
            checker.finish()
        if with_chain:
            health.anchored = check_anchors()
    except LogDamaged as error:
        health.damage = str(error)
    health.root = tree.root()
    return health


@dataclass(slots=True)
class _Scan:
    """One pass over the blocks, each entry opened and hashed again; an erased one only by its hash."""

    health: Health
    keys: Keys
    tombstones: list[LogEntry] = field(default_factory=list)
    checkers: list[tuple[EntryKind, Checker]] = field(
        default_factory=lambda: [(kind, make()) for kind, make in _checkers]
    )

    def leaf_hashes(self, progress: Progress) -> Iterator[bytes]:
        """Yield leaf hashes in order."""
        last_at: datetime | None = None
        while found := blocks.following(self.health.size, CHUNK):
            batches: dict[EntryKind, list[LogEntry]] = defaultdict(list)
            expected = self.health.size
            for block in found:
                if block.first != expected:
                    raise LogDamaged(f"Entry {expected} is missing; the next one is {block.first}.")
                layout = _checked_layout(block)
                self._open(block, layout, batches)
                _check_mac(block)
                if last_at and block.created_at < last_at:
                    raise LogDamaged(f"{_named(block)}: an earlier time than the entries before.")
                last_at, expected = block.created_at, expected + block.size
            self.tombstones += batches[EntryKind.TOMBSTONE]
            for kind, checker in self.checkers:
                checker.entries(batches[kind])
            for block in found:
                for leaf_hash in merkle.split_hashes(block.hashes):
                    self.health.size += 1
                    yield leaf_hash
            progress(self.health.size)

    def _open(self, block: Block, layout: Layout, batches: dict[EntryKind, list[LogEntry]]) -> None:
        kept = {EntryKind.TOMBSTONE, *(kind for kind, _ in self.checkers)}
        book = Book()
        for index, key_id in enumerate(layout.key_ids, start=block.first):
            key = self.keys.of(key_id, index)
            if key is None:
                self.health.erased += 1
                continue
            kind, leaf, document = open_entry(block, layout, index, key=key, scope=key.scope, book=book)
            if kind in kept:
                entry = LogEntry(index, kind, block.leaf_hash(index), leaf, document, block.created_at)
                batches[kind].append(entry)


def _checked_layout(block: Block) -> Layout:
    if not 1 <= block.size <= TILE - block.first % TILE:
        raise LogDamaged(f"{_named(block)}: a number of entries that no block has.")
    return layout_of(block)


def _check_mac(block: Block) -> None:
    """Raise LogDamaged for a change that no entry of the block shows: of its time, or where all is erased."""
    mark = mac(
        first=block.first,
        created_at=block.created_at,
        size=block.size,
        head=block.head,
        hashes=block.hashes,
        data=block.data,
    )
    if mark != block.mac:
        raise LogDamaged(f"{_named(block)}: time, keys, layout, an erased entry or the mark was changed.")


def _named(block: Block) -> str:
    return f"Block of entries {block.first} to {block.first + block.size - 1}"


class _Tree:
    """The tree as it grows: the unfinished tile of each level, each full one held against the stored one."""

    def __init__(self, health: Health) -> None:
        self.health = health
        self.levels: list[list[bytes]] = []
        self.full: list[int] = []

    def add(self, leaf_hash: bytes, level: int = 0) -> None:
        if level == len(self.levels):
            self.levels.append([])
            self.full.append(0)
        self.levels[level].append(leaf_hash)
        if len(self.levels[level]) == TILE:
            hashes, self.levels[level] = self.levels[level], []
            root = merkle.root(hashes)
            self._compare(level, self.full[level], root)
            self.full[level] += 1
            self.add(root, level + 1)

    def root(self) -> bytes:
        """Return the root over all leaves so far: the unfinished tiles, the highest to the left."""
        found: bytes | None = None
        for hashes in self.levels:
            if hashes:
                found = merkle.root(hashes) if found is None else _joined(hashes, found)
        return merkle.EMPTY_ROOT if found is None else found

    def finish(self) -> None:
        """Raise LogDamaged for a tile beyond those the entries fill."""
        extra = Tile.objects.exclude(level__lt=len(self.full)).first()
        for level, count in enumerate(self.full):
            extra = extra or Tile.objects.filter(level=level).exclude(index__gte=0, index__lt=count).first()
        if extra:
            raise LogDamaged(f"Tile {extra.level}/{extra.index} covers entries that do not exist.")

    def _compare(self, level: int, index: int, root: bytes) -> None:
        tile = Tile.objects.filter(level=level, index=index).first()
        if tile is None:
            raise LogDamaged(f"Tile {level}/{index} is missing.")
        if bytes(tile.root) != root:
            raise LogDamaged(f"Tile {level}/{index} differs from the entries below it.")
        self.health.tiles += 1


def _joined(hashes: list[bytes], right: bytes) -> bytes:
    """Return the root of complete subtrees of one size, then a smaller one to their right."""
    for start, width in reversed(_powers(len(hashes))):
        right = merkle.node_hash(merkle.root(hashes[start : start + width]), right)
    return right


def _powers(count: int) -> list[tuple[int, int]]:
    """Return the (start, width) ranges of falling powers of two that make up `count`."""
    ranges, start = [], 0
    while start < count:
        width = 1 << ((count - start).bit_length() - 1)
        ranges.append((start, width))
        start += width
    return ranges
