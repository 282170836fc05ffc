"""Runs of the day in recompute_day.py, honest or not, with openings of everything they say."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256

from grid.domain import entries, merkle, rows
from grid.domain.entries import EntryKind, LeafKind, run_key
from grid.domain.grounds.facts import Statement
from grid.domain.lines import Header as HeaderFields
from grid.domain.lines import Line as LineFields
from grid.domain.openings import (
    AnyEntry,
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
from grid.domain.rows import Row, pack_rows
from grid.domain.slots import SLOTS_PER_DAY
from grid.domain.statements import LocalFill, Metered, PointDay, SlotPrices, build_run
from grid.domain.words import WORD
from tests.vectors import recompute_day as days
from tests.vectors.recompute_day import DAY, HOMES, PROFILE_HASH, SLOTS, SYSTEM, ZONE, Auction, Known, secret

LineEdit = Callable[[str, int, LineFields], LineFields]
HeaderEdit = Callable[[int, HeaderFields], HeaderFields]


@dataclass
class Lie:
    """How a run differs from the honest one; whatever is not lied about follows from the rest.

    `points` and `prices` replace inputs, `line` and `header` what is written; `total_jump` and `net_jump` are added to
    running totals from a place on and to day nets, `row_jump` to rows by account; accounts in `unlisted` have no row.
    """

    points: Callable[[str, PointDay], PointDay] = lambda name, item: item
    prices: Callable[[int, SlotPrices], SlotPrices] = lambda place, item: item
    line: LineEdit = lambda name, place, line: line
    header: HeaderEdit = lambda place, header: header
    total_jump: Mapping[tuple[str, int], int] = field(default_factory=dict)
    net_jump: Mapping[str, int] = field(default_factory=dict)
    count_jump: Mapping[str, int] = field(default_factory=dict)
    row_jump: Mapping[bytes, int] = field(default_factory=dict)
    unlisted: frozenset[bytes] = frozenset()
    padding: int = 0


@dataclass
class Posted:
    """A run as it stands on chain, and openings of it."""

    known: Known
    run: Run
    row_words: list[bytes]
    line_leaves: dict[str, list[bytes]]
    header_leaves: list[bytes]
    lines: dict[str, list[LineFields]]
    headers: list[HeaderFields]
    points: dict[str, Point]

    def point(self, name: str) -> Point:
        return self.points[name]

    def line(self, name: str, place: int) -> Line:
        leaves = self.line_leaves[name]
        return Line(words_of(leaves[place]), _tree(leaves).inclusion_proof(place))

    def header(self, place: int) -> Header:
        return Header(words_of(self.header_leaves[place]), _tree(self.header_leaves).inclusion_proof(place))

    def statement(self, name: str, place: int) -> Statement:
        return Statement(self.run, self.point(name), self.line(name, place), self.header(place))

    def rows(self, *positions: int) -> Rows:
        chunks = rows.row_chunks(self.row_words)
        tree = _tree(chunks)
        opened = [RowChunk(words_of(chunks[at]), at, tree.inclusion_proof(at)) for at in positions]
        return Rows(len(chunks), opened)

    # The log.

    def proof(self, index: int) -> list[bytes]:
        return merkle.inclusion_proof(index, self.run.checkpoint.size, self.known.log.node)

    def entry(self, index: int) -> Entry:
        return Entry(words_of(self.known.log.leaf(index)), index, self.proof(index))

    def any_entry(self, index: int) -> AnyEntry:
        leaf = self.known.log.leaf(index)
        return AnyEntry([leaf[:WORD], *words_of(leaf)], index, self.proof(index))

    def registers(self, index: int) -> list[bytes]:
        return words_of(self.known.registers[index])

    def fill(self, auction: Auction, position: int) -> Fill:
        return Fill(words_of(auction.leaves[position]), position, _tree(auction.leaves).inclusion_proof(position))

    def tariff_slot(self, place: int) -> TariffSlot:
        leaves = self.known.tariff_leaves
        return TariffSlot(words_of(leaves[place]), _tree(leaves).inclusion_proof(place))

    def checkpoints(self) -> list[Checkpoint]:
        return checkpoints(self.known)


def words_of(leaf: bytes) -> list[bytes]:
    """The words after the tag."""
    return [leaf[at : at + WORD] for at in range(WORD, len(leaf), WORD)]


def _tree(leaves: Sequence[bytes]) -> merkle.MerkleTree:
    return merkle.MerkleTree([merkle.leaf_hash(leaf) for leaf in leaves])


def checkpoints(known: Known) -> list[Checkpoint]:
    """The log's anchored checkpoints, in order."""
    return [
        Checkpoint(seq, size, days.block_time(seq), root)
        for seq, (size, root) in enumerate(zip(known.sizes, days.checkpoint_roots(known), strict=True))
    ]


def post(known: Known, lie: Lie | None = None, *, sequence: int = 0) -> Posted:
    """Build a run of the day."""
    lie = lie or Lie()
    names = {home.point: home.name for home in HOMES.values()}
    inputs = [lie.points(names[item.point], item) for item in days.points(known)]
    made = build_run(
        zone=ZONE,
        day=DAY,
        sequence=sequence,
        mode=known.mode,
        points=inputs,
        prices=[lie.prices(place, item) for place, item in enumerate(days.prices(known))],
        feeder_wh=[0] * SLOTS_PER_DAY,
        system=SYSTEM,
        point_key=lambda point: secret(names[point]),
        header_key=secret("zone"),
    )
    headers = [lie.header(place, header) for place, header in enumerate(made.headers)]
    header_leaves = [
        header.leaf(entries.salt(secret("zone"), "HEADER", tree=made.key, sequence=sequence, position=slot))
        for slot, header in zip(SLOTS, headers, strict=True)
    ]
    lines, line_leaves, unproven = {}, {}, []
    for item in made.statements:
        name = names[item.point]
        lines[name] = _lines(name, item.lines, lie)
        line_leaves[name] = [
            line.leaf(entries.salt(secret(name), "LINE", tree=made.key, sequence=sequence, position=slot))
            for slot, line in zip(SLOTS, lines[name], strict=True)
        ]
        net = lines[name][-1].running_total + lie.net_jump.get(name, 0)
        root = _tree(line_leaves[name]).root
        position = item.position + lie.padding
        salt = entries.salt(secret(name), "POINT", tree=made.key, sequence=sequence, position=position)
        counted = item.account_points + lie.count_jump.get(name, 0)
        unproven.append(Point(item.point, item.account, net, counted, root, salt, position, ()))
    hashes = _point_hashes(unproven, made.key, sequence, lie.padding)
    tree = merkle.MerkleTree(hashes)
    words = _rows(unproven, made.rows, lie)
    last = checkpoints(known)[-1]
    posted = RunInput(
        ZONE, DAY, sequence, tree.root, len(hashes), _tree(header_leaves).root, last.seq, PROFILE_HASH, int(known.mode)
    )
    points = {names[item.point]: item._replace(proof=tree.inclusion_proof(item.position)) for item in unproven}
    run = Run(posted, rows.rows_root(words), last)
    return Posted(known, run, words, line_leaves, header_leaves, lines, headers, points)


def _lines(name: str, honest: Sequence[LineFields], lie: Lie) -> list[LineFields]:
    total, lines = 0, []
    for place, line in enumerate(honest):
        edited = lie.line(name, place, line)
        total += edited.amount + lie.total_jump.get((name, place), 0)
        lines.append(replace(edited, running_total=total))
    return lines


def _point_hashes(points: Sequence[Point], key: bytes, sequence: int, padding: int) -> list[bytes]:
    """Hashes of the points tree; `padding` strangers stand on either side."""
    around = [sha256(f"stranger {number}".encode()).digest() for number in range(2 * padding)]
    own = []
    for point in points:
        fields: dict[str, entries.Value] = {
            "runKey": key,
            "sequence": sequence,
            "point": point.point,
            "account": point.account,
            "dayNet": point.day_net,
            "accountPoints": point.account_points,
            "linesRoot": point.lines_root,
        }
        own.append(merkle.leaf_hash(entries.encode(LeafKind.POINT, fields, point.salt)))
    return around[:padding] + own + around[padding:]


def _rows(points: Sequence[Point], honest: Sequence[Row], lie: Lie) -> list[bytes]:
    """Rows of the points' accounts; the supplier makes up for what is lied about."""
    nets: dict[bytes, int] = {}
    for point in points:
        nets[point.account] = nets.get(point.account, 0) + point.day_net
    members = [
        Row(account, nets[account] + lie.row_jump.get(account, 0))
        for account in sorted(nets)
        if account not in lie.unlisted
    ]
    supplier, fee, dust, balancing = honest[-4:]
    rest = sum(row.net for row in (*members, fee, dust, balancing))
    return pack_rows([*members, supplier._replace(net=-rest), fee, dust, balancing])


def with_metered(name: str, place: int, metered: Metered) -> Lie:
    """A run in which one slot of a point cites another INTERVAL, or says other energy."""

    def points(home: str, item: PointDay) -> PointDay:
        if home != name:
            return item
        return replace(item, metered=[metered if at == place else was for at, was in enumerate(item.metered)])

    return Lie(points=points)


def with_fill(name: str, place: int, fill: LocalFill | None) -> Lie:
    """A run in which one slot of a point has another fill."""

    def points(home: str, item: PointDay) -> PointDay:
        if home != name:
            return item
        fills = {slot: was for slot, was in item.fills.items() if slot != SLOTS[place]}
        return replace(item, fills=fills if fill is None else {**fills, SLOTS[place]: fill})

    return Lie(points=points)


def interval_energy(known: Known, index: int) -> Metered:
    """What an INTERVAL says, cited."""
    fields = entries.decode(EntryKind.INTERVAL, known.log.leaf(index))
    imported, exported = fields["importWh"], fields["exportWh"]
    assert isinstance(imported, int)
    assert isinstance(exported, int)
    return Metered(imported, exported, index)


KEY = run_key(ZONE, DAY)
NO_ROWS = Rows(0, ())
