"""A posted day with everything under its roots, and the moves of a dispute about it.

Anna takes energy and has one point; Emil gives and has two; Otto's point is bound in the log and missing from the run.
"""

from dataclasses import dataclass, field
from typing import Any

import trees
from eth_abi import encode
from eth_utils import keccak
from world import DAY, TOKEN, ZONE, World, rows_root

NONE = 2**64 - 1
SLOTS = 96
LOCAL, FEE, IMPORT, EXPORT = 180_000, 30_000, 300_000, 80_000
CAP = 60 * TOKEN
NETS = {"anna": -100 * TOKEN, "emil": 30 * TOKEN}
RUN_INPUT = "(bytes32,uint32,uint16,bytes32,uint16,bytes32,uint64,bytes32,uint8)"
NO_LEAF = (bytes(32), "0x" + "00" * 20, 0, 0, bytes(32), bytes(32), 0, [])
NO_BINDING = ([bytes(32)] * 12, 0, [])


def word(value: Any) -> bytes:
    """A field as a leaf holds it."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return bytes(12) + bytes.fromhex(value[2:])
    return int(value).to_bytes(32, "big", signed=value < 0)


def hashed(kind: str, words: list[bytes]) -> bytes:
    return trees.leaf(keccak(text=f"commonwatt.{kind}.v1") + b"".join(words))


def salt(*parts: Any) -> bytes:
    return keccak(text="salt " + " ".join(str(part) for part in parts))


def amount(import_wh: int, export_wh: int, bought: int = 0, sold: int = 0) -> int:
    """docs/PROTOCOL.md section 2, once more."""
    ri, re = import_wh - bought, export_wh - sold
    exact = sold * LOCAL - bought * (LOCAL + FEE)
    exact -= ri * (IMPORT if ri >= 0 else EXPORT)
    exact += re * (EXPORT if re >= 0 else IMPORT)
    return exact // 1000


def pack(*slots: int) -> int:
    """Slots of a demand, the first in the lowest bits."""
    return sum(slot << (32 * k) for k, slot in enumerate(slots))


@dataclass
class Log:
    """The log's leaf hashes; number 0 is the one that the world's first checkpoint covers."""

    leaves: list[bytes] = field(default_factory=lambda: [keccak(text="log")])

    def add(self, kind: str, *fields: Any) -> tuple[int, list[bytes]]:
        """Append an entry; returns its index and its words with the salt."""
        words = [word(value) for value in fields] + [salt(kind, len(self.leaves))]
        self.leaves.append(hashed(kind, words))
        return len(self.leaves) - 1, words


@dataclass
class Statement:
    """A point's day."""

    point: bytes
    owner: str  # a name
    lines: list[list[bytes]] = field(default_factory=list)
    intervals: dict[int, tuple[int, list[bytes]]] = field(default_factory=dict)  # by place: index, words
    registers: dict[int, list[bytes]] = field(default_factory=dict)
    binding: tuple[int, list[bytes]] = (0, [])

    @property
    def leaves(self) -> list[bytes]:
        return [hashed("LINE", words) for words in self.lines]


class Casework:
    """A community's day as it was posted, and what can be opened of it."""

    def __init__(self, world: World, *, sequence: int = 0, before: "Casework | None" = None, **energy: tuple) -> None:
        self.world, self.sequence, self.day = world, sequence, world.today - 1
        self.first = SLOTS * self.day
        self.log = before.log if before else Log()
        self.nets = dict(NETS)
        self.overcount = 0  # by how many each leaf counts too many points of its account
        self.statements: list[Statement] = []
        self.bindings: dict[bytes, tuple] = before.bindings if before else {}
        for name, owner in (("p1", "anna"), ("p2", "emil"), ("p3", "emil")):
            self.statements.append(self._statement(keccak(text=name), owner, energy.get(name, (400, 300))))
        self.omitted = self._binding(keccak(text="p4"), "otto") if not before else before.omitted
        self.headers = [self._header(place) for place in range(SLOTS)]

    @property
    def run_key(self) -> bytes:
        return bytes.fromhex(str(self.world.settlement.runKeyOf(ZONE, self.day))[2:])

    def slot(self, place: int) -> int:
        return self.first + place

    def _binding(self, point: bytes, owner: str, zone: bytes = ZONE, days: tuple | None = None) -> tuple:
        days = days or (self.day - 100, NONE)
        account = self.world[owner]
        fields = [point, zone, account, keccak(text="meter"), 0, 1, 1, *days, NONE, keccak(text="co-signed")]
        return self.log.add("BINDING", *fields)

    def _statement(self, point: bytes, owner: str, energy: tuple) -> Statement:
        made = Statement(point, owner)
        if point not in self.bindings:
            self.bindings[point] = self._binding(point, owner)
        made.binding = self.bindings[point]
        total = 0
        import_wh, export_wh = energy
        for place in range(SLOTS):
            slot = self.slot(place)
            index = 0
            if place < 8:
                meter = keccak(text="meter")
                values = [1_000, 1_000 + import_wh, 50, 50 + export_wh, 10**9, meter, meter, 0, 0, 0]
                registers = [word(value) for value in values] + [salt("REGISTERS", slot)]
                made.registers[place] = registers
                commitment = hashed("REGISTERS", registers)
                fields = [point, slot, import_wh, export_wh, 0, 0, NONE, made.binding[0], commitment]
                made.intervals[place] = self.log.add("INTERVAL", *fields)
                index = made.intervals[place][0]
            due = amount(import_wh, export_wh)
            total += due
            values = [slot, index, bytes(32), NONE, NONE, import_wh, export_wh, 0, 0, due, total]
            made.lines.append([word(value) for value in values] + [salt("LINE", point.hex(), place)])
        return made

    def _header(self, place: int) -> list[bytes]:
        slot = self.slot(place)
        values = [slot, LOCAL, 0, FEE, IMPORT, EXPORT, 0, 0, 0, 0, NONE, NONE, 0, 0, 0, 0, 0, 0, 0, 0]
        return [word(value) for value in values] + [bytes(32)]

    # Posting

    def anchor(self) -> tuple:
        """Anchor everything that is in the log by now."""
        world, size = self.world, len(self.log.leaves)
        old = world.checkpoints[-1][1]
        if size > old:
            world.grow(size, trees.root(self.log.leaves), trees.consistency(old, self.log.leaves))
        return world.checkpoints[-1]

    def post(self, before: "Casework | None" = None) -> "Casework":
        """Post the day, or as the correction of `before`."""
        world = self.world
        self.checkpoint = self.anchor()
        self.rows = world.rows(self.nets)
        self.input = world.run(
            self.rows,
            sequence=self.sequence,
            pointsRoot=trees.root(self.point_leaves()),
            pointCount=len(self.statements),
            headersRoot=trees.root([hashed("HEADER", words) for words in self.headers]),
            checkpoint=self.checkpoint[0],
        )
        if before:
            args = [self.input, self.rows, before.input, before.rows]
            world.settlement.postCorrection(*args, {"from": world.poster})
        else:
            world.settlement.postRun(self.input, self.rows, {"from": world.poster})
        return self

    def points_of(self, name: str) -> int:
        """How many points an account has, as its leaves say it."""
        return sum(made.owner == name for made in self.statements) + self.overcount

    def point_words(self, at: int) -> list:
        """A point leaf's fields after run key and sequence."""
        made = self.statements[at]
        points = self.points_of(made.owner)
        total = int.from_bytes(made.lines[-1][10], "big", signed=False)
        total -= 2**256 if total >= 2**255 else 0
        return [made.point, self.world[made.owner], total, points, trees.root(made.leaves), salt("POINT", at)]

    def point_leaves(self) -> list[bytes]:
        head = [self.run_key, word(self.sequence)]
        return [
            hashed("POINT", head + [word(value) for value in self.point_words(at)])
            for at in range(len(self.statements))
        ]

    # Opening

    @property
    def run(self) -> tuple:
        return (self.input, rows_root(self.rows), self.checkpoint)

    def _entry(self, index: int, words: list[bytes]) -> tuple:
        """An entry with its path under the run's checkpoint."""
        return (words, index, trees.inclusion(index, self.log.leaves[: self.checkpoint[1]]))

    def leaf(self, at: int) -> tuple:
        return (*self.point_words(at), at, trees.inclusion(at, self.point_leaves()))

    def line(self, at: int, place: int) -> tuple:
        made = self.statements[at]
        return (made.lines[place], trees.inclusion(place, made.leaves))

    def header(self, place: int) -> tuple:
        leaves = [hashed("HEADER", words) for words in self.headers]
        return (self.headers[place], trees.inclusion(place, leaves))

    def binding(self, at: int) -> tuple:
        return self._entry(*self.statements[at].binding)

    def opening(self, at: int, place: int) -> list:
        """All of a slot, as `open` takes it."""
        made = self.statements[at]
        interval = self._entry(*made.intervals[place])
        registers = (made.registers[place],)
        return [self.leaf(at), self.line(at, place), self.header(place), interval, registers, self.binding(at)]

    def statement(self, at: int, place: int) -> tuple:
        return (self.run, self.leaf(at), self.line(at, place), self.header(place))

    @property
    def row_proof(self) -> tuple:
        """All rows: they fill one chunk."""
        return (1, [(self.rows, 0, [])])

    def evidence(self, **parts: Any) -> list:
        """Evidence of a demand: all rows, and what is named."""
        empty = {"rows": self.row_proof, "leaf": NO_LEAF, "binding": NO_BINDING}
        return list({**empty, **parts}.values())

    # Moves

    def claim(self, name: str, kind: str = "", message: dict | None = None, **changes: Any) -> tuple:
        """A claim without a signature, or with one over the message."""
        nonce, deadline = self.world.fresh()
        nonce, deadline = changes.get("nonce", nonce), changes.get("deadline", deadline)
        if not kind:
            return (self.world[name], nonce, deadline, b"")
        domain = {**self.world.domain, "verifyingContract": self.world.disputes.address, **changes.get("domain", {})}
        whole = {"account": self.world[name], **(message or {}), "nonce": nonce, "deadline": deadline}
        return (self.world[name], nonce, deadline, self.world.sign(changes.get("signer", name), kind, whole, domain))

    def demand(self, name: str, point: bytes, slots: int, evidence: list | None = None, **changes: Any) -> Any:
        """Demand by a relayed signature; by default with the rows alone."""
        sender = changes.pop("sender", self.world.relayer)
        message = {"runKey": self.run_key, "sequence": self.sequence, "point": point, "slots": slots}
        claim = changes.pop("claim", None) or self.claim(name, "Demand", message, **changes)
        shown = evidence or self.evidence()
        return self.world.disputes.demand(claim, self.run, point, slots, shown, {"from": sender})

    def open(self, case: int, k: int, at: int, place: int, **changes: Any) -> Any:
        sender = changes.pop("sender", self.world.mallory)
        parts = ("leaf", "line", "header", "interval", "registers", "binding")
        opening = dict(zip(parts, self.opening(at, place), strict=True))
        opening |= changes
        return self.world.disputes.open(case, self.run, k, list(opening.values()), {"from": sender})

    def contest(self, name: str, at: int, place: int, finding: tuple, **changes: Any) -> Any:
        """Contest by a relayed signature; finding = importWh, exportWh, evidenceHash, signedBytes."""
        sender = changes.pop("sender", self.world.relayer)
        message = {
            "runKey": self.run_key,
            "sequence": self.sequence,
            "point": self.statements[at].point,
            "slot": self.slot(place),
            **dict(zip(("importWh", "exportWh", "evidenceHash", "signedBytes"), finding, strict=True)),
        }
        claim = changes.pop("claim", None) or self.claim(name, "Contest", message, **changes)
        statement = changes.pop("statement", None) or self.statement(at, place)
        return self.world.disputes.contest(claim, statement, finding, {"from": sender})

    def digest(self) -> bytes:
        """keccak256 of the run, as a demand keeps it."""
        given, root, checkpoint = self.run
        return keccak(encode([f"({RUN_INPUT},bytes32,(uint64,uint64,uint64,bytes32))"], [(given, root, checkpoint)]))


STATES = ("none", "demanded", "opened", "at_meter_data", "answered", "at_panel", "upheld", "corrected", "defaulted",
          "rejected")  # fmt: skip


def is_in(world: World, case: int, state: str) -> bool:
    return view(world, case)["state"] == state


RESPONSE, EXTRA, METER_DATA, APPEAL, PANEL = DAY, DAY // 2, DAY, DAY // 2, 2 * DAY
DEPOSIT, LIMIT, MAX_WH = 5 * TOKEN, 50 * TOKEN, 100_000


def view(world: World, case: int) -> dict[str, Any]:
    """A case with all it has beside, by name and in plain values."""
    shared, demand, contest = world.disputes.caseOf(case)
    names = ("account", "deadline", "sequence", "state", "runKey", "point", "sum", "reserved")
    found = dict(zip(names, shared, strict=True))
    found |= dict(zip(("runDigest", "slots", "bindingIndex", "missing", "leaves"), demand, strict=True))
    found |= dict(zip(("slot", "importWh", "exportWh", "signedBytes", "upholds", "rejects"), contest, strict=True))
    plain = {name: int(value) if isinstance(value, int) else str(value) for name, value in found.items()}
    return {**plain, "state": STATES[plain["state"]], "signedBytes": bool(found["signedBytes"])}
