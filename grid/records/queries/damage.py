"""Checking the whole log: every entry, tile and checkpoint, and what the chain says of them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from grid.chain import queries as chain
from grid.domain import merkle, notes
from grid.records import log_key
from grid.records.blocks import Block, Layout, layout_of, mac, open_entry
from grid.records.errors import LogDamaged
from grid.records.models import Checkpoint, Tile
from grid.records.queries import blocks, checkpoints, keys
from grid.records.queries.checkpoints import chain_fields
from grid.records.queries.tree import TILE
from grid.records.queries.words import Book

CHUNK = 40

Progress = Callable[[int], None]


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

    Stops at the first damaged entry, as nothing after it can be trusted. Raises ChainUnavailable when
    `with_chain` and the node does not answer.
    """
    health = Health()
    wanted = {row.size: row for row in Checkpoint.objects.order_by("size")}
    tree = _Tree(health)
    try:
        for leaf_hash in _checked_leaves(health, progress):
            tree.add(leaf_hash)
            if health.size in wanted:
                _check_checkpoint(wanted[health.size], tree.root())
                health.checkpoints += 1
        tree.finish()
        beyond = [size for size in wanted if size > health.size]
        if beyond:
            raise LogDamaged(f"Checkpoint {beyond[0]} covers more than the {health.size} entries there are.")
        if with_chain:
            health.anchored = check_anchors()
    except LogDamaged as error:
        health.damage = str(error)
    health.root = tree.root()
    return health


def _checked_leaves(health: Health, progress: Progress) -> Iterator[bytes]:
    """Yield leaf hashes in order, each entry opened and hashed again; an erased one only by its hash."""
    last_at: datetime | None = None
    while found := blocks.following(health.size, CHUNK):
        layouts = [_checked_layout(block) for block in found]
        opened = keys.by_id({key_id for layout in layouts for key_id in layout.key_ids})
        book = Book()
        for block, layout in zip(found, layouts, strict=True):
            if block.first != health.size:
                raise LogDamaged(f"Entry {health.size} is missing; the next one is {block.first}.")
            for index, key_id in enumerate(layout.key_ids, start=block.first):
                if key_id in opened:
                    key = opened[key_id]
                    open_entry(block, layout, index, key=key, scope=key.scope, book=book)
                else:
                    health.erased += 1
            _check_mac(block)
            if last_at and block.created_at < last_at:
                raise LogDamaged(f"{_named(block)}: an earlier time than the entries before.")
            last_at = block.created_at
            for index in range(block.first, block.first + block.size):
                health.size += 1
                yield block.leaf_hash(index)
        progress(health.size)


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
        raise LogDamaged(f"{_named(block)}: time, keys, layout or mark were changed.")


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
            extra = extra or Tile.objects.filter(level=level, index__gte=count).first()
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


def _check_checkpoint(row: Checkpoint, root: bytes) -> None:
    """Raise LogDamaged when a checkpoint's root or note is not of this log."""
    if bytes(row.root) != root:
        raise LogDamaged(f"Checkpoint {row.size} has another root than the entries it covers.")
    signer = log_key.signer()
    try:
        body = notes.verify_note(row.note, name=signer.origin, public_key=signer.public_key)
    except notes.NoteError as error:
        raise LogDamaged(f"Checkpoint {row.size}: {error}.") from None
    if body != notes.checkpoint_body(signer.origin, row.size, root):
        raise LogDamaged(f"Checkpoint {row.size} has a note that says something else.")
    if bytes(row.mac) != checkpoints.mac(size=row.size, root=root, note=row.note, created_at=row.created_at):
        raise LogDamaged(f"Checkpoint {row.size}: its time or its mark was changed.")


def check_anchors() -> int:
    """Compare every anchored checkpoint with RecordAnchor; return how many there are."""
    anchored = list(Checkpoint.objects.filter(anchored_at__isnull=False).order_by("seq"))
    count = chain.call("RecordAnchor", "checkpointCount")
    if len(anchored) > count:
        raise LogDamaged(f"Checkpoint {anchored[count].size} is not on chain: RecordAnchor has {count}.")
    answers = chain.call_many([("RecordAnchor", "isAnchored", [chain_fields(row)]) for row in anchored])
    for row, stands in zip(anchored, answers, strict=True):
        if not stands:
            raise LogDamaged(f"Checkpoint {row.size} is number {row.seq} on chain with another size, root or time.")
    return len(anchored)
