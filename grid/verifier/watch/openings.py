"""A case file's parts as openings: what a claim shows to the contract."""

from collections.abc import Sequence
from functools import cached_property

from grid.domain import entries, merkle, notes, rows
from grid.domain.casefile import Case, EntryPart, PointPart, RunPart
from grid.domain.entries import EntryKind, LeafKind
from grid.domain.grounds.facts import Statement
from grid.domain.openings import (
    Checkpoint,
    Entry,
    Fill,
    Header,
    Line,
    Point,
    RowChunk,
    Rows,
    Run,
    RunInput,
    TariffSlot,
)
from grid.domain.words import WORD
from grid.verifier.evidence import Fields
from grid.verifier.report import NotInFile


class CaseOpenings:
    """Openings of one case. Raises NotInFile for what the file does not hold, ValueError for what is malformed."""

    def __init__(self, case: Case) -> None:
        self._case = case
        if case.run is None:
            raise NotInFile("the file holds no run")
        self.part: RunPart = case.run
        self._entries = {part.index: part for part in case.entries}

    @cached_property
    def run(self) -> Run:
        """The run, and the checkpoint it relies on as it is anchored."""
        case, part = self._case, self.part
        if case.seq is None or case.anchored_at is None:
            raise NotInFile("the file's checkpoint is not anchored")
        name, key = notes.parse_verifier_key(case.verifier_key)
        body = notes.parse_checkpoint(notes.verify_note(case.note, name=name, public_key=key))
        head = RunInput(
            part.zone,
            part.day,
            part.sequence,
            part.points_root,
            part.point_count,
            part.headers_root,
            part.checkpoint,
            part.profile_hash,
            part.mode,
        )
        return Run(head, part.rows_root, Checkpoint(case.seq, body.size, case.anchored_at, body.root))

    @cached_property
    def _headers(self) -> merkle.MerkleTree:
        return _tree(self.part.headers)

    def point(self, part: PointPart) -> Point:
        """A leaf of pointsRoot."""
        fields = Fields("POINT", entries.decode(LeafKind.POINT, part.leaf))
        return Point(
            fields.data("point"),
            fields.data("account"),
            fields.number("dayNet"),
            fields.number("accountPoints"),
            fields.data("linesRoot"),
            part.leaf[-WORD:],
            part.position,
            part.proof,
        )

    def line(self, part: PointPart, place: int) -> Line:
        """A line of a point by its place in the day."""
        return Line(words_of(part.lines[place]), _tree(part.lines).inclusion_proof(place))

    def header(self, place: int) -> Header:
        """A header by its place in the day."""
        return Header(words_of(self.part.headers[place]), self._headers.inclusion_proof(place))

    def statement(self, part: PointPart, place: int) -> Statement:
        """One slot of a point."""
        return Statement(self.run, self.point(part), self.line(part, place), self.header(place))

    def entry(self, index: object, kind: EntryKind) -> Entry:
        """A log entry of a kind."""
        part = self._entries.get(index) if isinstance(index, int) else None
        if part is None or part.kind is not kind:
            raise NotInFile(f"entry {index} ({kind.name}) is not in the file")
        return _entry(part)

    def intervals(self, point: bytes, slot: int) -> list[Entry]:
        """The INTERVALs of a point and slot that the file holds, the newest version first."""
        found = []
        for part in self._entries.values():
            if part.kind is EntryKind.INTERVAL:
                fields = Fields("INTERVAL", entries.decode(part.kind, part.data))
                if fields.data("point") == point and fields.number("slot") == slot:
                    found.append((fields.number("version"), _entry(part)))
        return [entry for _, entry in sorted(found, key=lambda each: -each[0])]

    def registers(self, interval: int) -> Sequence[bytes]:
        """The opened registers of an INTERVAL."""
        data = next((part.data for part in self._case.registers if part.interval == interval), None)
        if data is None:
            raise NotInFile(f"the registers of INTERVAL {interval} are not in the file")
        return words_of(data)

    def fill(self, auction: object, position: object) -> Fill:
        """A fill of an AUCTION."""
        for part in self._case.fills:
            if (part.auction, part.position) == (auction, position):
                return Fill(words_of(part.data), part.position, part.proof)
        raise NotInFile(f"fill {position} of AUCTION {auction} is not in the file")

    def tariff_slot(self, tariff: object, place: int) -> TariffSlot:
        """A slot of a TARIFF."""
        leaves = next((part.leaves for part in self._case.tariffs if part.tariff == tariff), None)
        if leaves is None or place >= len(leaves):
            raise NotInFile(f"the leaves of TARIFF {tariff} are not in the file")
        return TariffSlot(words_of(leaves[place]), _tree(leaves).inclusion_proof(place))

    def rows(self, account: bytes) -> Rows:
        """The chunk that holds an account's row, or the two between which it would stand."""
        chunks = rows.row_chunks(self.part.rows)
        tree = _tree(chunks)
        members = [rows.unpack_row(word).address for word in self.part.rows[: -rows.SYSTEM_ROWS]]
        place = next((at for at, address in enumerate(members) if address >= account), len(members))
        own = place < len(members) and members[place] == account
        places = {place} if own else {max(0, place - 1), place}
        opened = sorted({at // rows.ROWS_PER_CHUNK for at in places})
        return Rows(len(chunks), [RowChunk(words_of(chunks[at]), at, tree.inclusion_proof(at)) for at in opened])


def words_of(leaf: bytes) -> list[bytes]:
    """Return the words after a leaf's tag."""
    return [leaf[at : at + WORD] for at in range(WORD, len(leaf), WORD)]


def _entry(part: EntryPart) -> Entry:
    return Entry(words_of(part.data), part.index, part.proof)


def _tree(leaves: Sequence[bytes]) -> merkle.MerkleTree:
    return merkle.MerkleTree([merkle.leaf_hash(leaf) for leaf in leaves])
