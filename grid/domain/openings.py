"""Leaves and entries opened in plaintext, as a claim brings them along (PROTOCOL §5, `Openings.sol` of the contracts).

An opening is a leaf's words without its tag, its place, and its audit path. The tag is put in front here, so that a
leaf can be opened only as what it is. Words are read where they are used, and strictly.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from grid.domain import merkle
from grid.domain.claim_errors import (
    InclusionFailed,
    IndexOutOfRange,
    ProofLengthWrong,
    RegistersWrong,
    SlotOutsideDay,
    WordRefused,
)
from grid.domain.entries import FIELDS, TAGS, EntryKind, Kind, LeafKind
from grid.domain.merkle import ProofError
from grid.domain.rows import Row, unpack_row
from grid.domain.slots import SLOTS_PER_DAY
from grid.domain.words import address_word, int_word, uint_word

Words = Sequence[bytes]
Proof = Sequence[bytes]


class Checkpoint(NamedTuple):
    """A checkpoint of RecordAnchor: number, log size, block time (unix seconds), root."""

    seq: int
    size: int
    anchored_at: int
    root: bytes


class RunInput(NamedTuple):
    """What a run claims, in the order of Settlement's RunInput."""

    zone: bytes
    day: int
    sequence: int
    points_root: bytes
    point_count: int
    headers_root: bytes
    checkpoint: int
    profile_hash: bytes
    mode: int


class Run(NamedTuple):
    """A run as a claimant brings it along."""

    input: RunInput
    rows_root: bytes
    checkpoint: Checkpoint


class Point(NamedTuple):
    """A leaf of pointsRoot; run key and sequence are the run's own."""

    point: bytes
    account: bytes
    day_net: int
    account_points: int
    lines_root: bytes
    salt: bytes
    position: int
    proof: Proof


class Line(NamedTuple):
    """A leaf of linesRoot: eleven fields and the salt. Its place is its slot."""

    words: Words
    proof: Proof


class Header(NamedTuple):
    """A leaf of headersRoot: twenty fields and the salt. Its place is its slot."""

    words: Words
    proof: Proof


@dataclass(frozen=True, slots=True)
class Entry:
    """A log entry of a known kind: fields and salt, its log index, its path under the run's checkpoint."""

    words: Words
    index: int
    proof: Proof


@dataclass(frozen=True, slots=True)
class AnyEntry:
    """A log entry of any kind, tag first: what is cited need not be what it should be."""

    words: Words
    index: int
    proof: Proof


class TariffSlot(NamedTuple):
    """A leaf of tariffRoot: four fields, no salt. Its place is its slot."""

    words: Words
    proof: Proof


class Fill(NamedTuple):
    """A leaf of fillsRoot: five fields and the salt."""

    words: Words
    position: int
    proof: Proof


class RowChunk(NamedTuple):
    """A chunk of up to 16 rows, its number, and its path under rowsRoot."""

    rows: Words
    position: int
    proof: Proof


@dataclass(frozen=True, slots=True)
class Rows:
    """How many chunks a run's rows have, and one or two of them opened.

    The number is the claimant's word, and a wrong one proves nothing false: a path's turns to the left and right are
    what its hashes commit to, so two leaves next to each other, and the first one, are so in any tree of these turns.
    """

    count: int
    chunks: Sequence[RowChunk]


@dataclass(frozen=True, slots=True)
class Opened:
    """The words of an opened leaf or entry, read by name."""

    kind: Kind
    words: Words

    def number(self, name: str) -> int:
        """Return a whole number. Raises WordRefused for a word no writer makes."""
        value = self.value(name)
        if not isinstance(value, int):
            raise WordRefused(value)
        return value

    def index(self, name: str) -> int | None:
        """Return an index or day, None where it is absent. Raises WordRefused."""
        return None if self.value(name) is None else self.number(name)

    def data(self, name: str) -> bytes:
        """Return 32 bytes, or the 20 of an address. Raises WordRefused."""
        value = self.value(name)
        if not isinstance(value, bytes):
            raise WordRefused(value)
        return value

    def flag(self, name: str) -> bool:
        """Return a truth value. Raises WordRefused."""
        return self.value(name) is True

    def value(self, name: str) -> int | bytes | bool | None:
        """Return a field of any type. Raises WordRefused for a word no writer makes."""
        for place, (known, codec) in enumerate(FIELDS[self.kind]):
            if known == name:
                try:
                    return codec.read(self.words[place])
                except ValueError:
                    raise WordRefused(self.words[place]) from None
        raise KeyError(name)


def require_inclusion(leaf: bytes, index: int, size: int, proof: Proof, root: bytes) -> None:
    """Require a leaf hash at its place. Raises IndexOutOfRange, ProofLengthWrong or InclusionFailed."""
    if index >= size:
        raise IndexOutOfRange(index, size)
    try:
        merkle.verify_inclusion(leaf, index, size, proof, root)
    except ProofError as error:
        if error.calculated is None:
            raise ProofLengthWrong(len(proof)) from None
        raise InclusionFailed(error.calculated, root) from None


def leaf_of(tag: bytes, words: Words) -> bytes:
    """Return the hash of a leaf of a tag and words."""
    return merkle.leaf_hash(tag + b"".join(words))


def place_of(slot: int, day: int) -> int:
    """Return a slot's place in the trees of its day. Raises SlotOutsideDay."""
    if slot // SLOTS_PER_DAY != day:
        raise SlotOutsideDay(slot, day)
    return slot % SLOTS_PER_DAY


def require_point(run: Run, key: bytes, point: Point) -> None:
    """Require a point leaf of a run."""
    words = [key, uint_word(run.input.sequence), point.point, address_word(point.account), int_word(point.day_net)]
    words += [uint_word(point.account_points), point.lines_root, point.salt]
    leaf = leaf_of(TAGS["POINT"], words)
    require_inclusion(leaf, point.position, run.input.point_count, point.proof, run.input.points_root)


def require_line(lines_root: bytes, place: int, line: Line) -> Opened:
    """Require a line of a point at a place of its day, and return it."""
    require_inclusion(leaf_of(TAGS["LINE"], line.words), place, SLOTS_PER_DAY, line.proof, lines_root)
    return Opened(LeafKind.LINE, line.words)


def require_header(run: Run, place: int, header: Header) -> Opened:
    """Require a header of a run at a place of its day, and return it."""
    leaf = leaf_of(TAGS["HEADER"], header.words)
    require_inclusion(leaf, place, SLOTS_PER_DAY, header.proof, run.input.headers_root)
    return Opened(LeafKind.HEADER, header.words)


def require_entry(run: Run, kind: EntryKind, entry: Entry) -> Opened:
    """Require a log entry of a kind in the run's checkpoint, and return it."""
    _require_logged(run.checkpoint, leaf_of(TAGS[kind.name], entry.words), entry)
    return Opened(kind, entry.words)


def require_any(run: Run, kind: EntryKind, entry: AnyEntry) -> Opened | None:
    """Require a log entry in the run's checkpoint; return it, or None where it is of another kind."""
    _require_logged(run.checkpoint, merkle.leaf_hash(b"".join(entry.words)), entry)
    if entry.words[0] != TAGS[kind.name] or len(entry.words) != len(FIELDS[kind]) + 2:
        return None
    return Opened(kind, entry.words[1:])


def require_tariff_slot(tariff_root: bytes, place: int, slot: TariffSlot) -> Opened:
    """Require a slot's prices of a tariff, and return them."""
    leaf = leaf_of(TAGS["TARIFF_SLOT"], slot.words)
    require_inclusion(leaf, place, SLOTS_PER_DAY, slot.proof, tariff_root)
    return Opened(LeafKind.TARIFF_SLOT, slot.words)


def require_fill(auction: Opened, fill: Fill) -> Opened:
    """Require a fill of an auction, and return it."""
    count, root = auction.number("fillCount"), auction.data("fillsRoot")
    require_inclusion(leaf_of(TAGS["FILL"], fill.words), fill.position, count, fill.proof, root)
    return Opened(LeafKind.FILL, fill.words)


def require_registers(commitment: bytes, words: Words) -> Opened:
    """Require registers to be those that an INTERVAL commits to, and return them."""
    given = leaf_of(TAGS["REGISTERS"], words)
    if given != commitment:
        raise RegistersWrong(given, commitment)
    return Opened(LeafKind.REGISTERS, words)


def require_rows(run: Run, chunks: int, chunk: RowChunk) -> list[Row]:
    """Require a chunk of rows of a run, and return its rows."""
    require_inclusion(leaf_of(TAGS["ROWS"], chunk.rows), chunk.position, chunks, chunk.proof, run.rows_root)
    return [unpack_row(word) for word in chunk.rows]


def _require_logged(checkpoint: Checkpoint, leaf: bytes, entry: Entry | AnyEntry) -> None:
    require_inclusion(leaf, entry.index, checkpoint.size, entry.proof, checkpoint.root)
