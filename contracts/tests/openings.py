"""A posted run with everything behind it, as docs/PROTOCOL.md section 7 spells it, and the openings that claims bring.

Written out once more beside `grid/domain` on purpose: the two meet in the vectors of tests/vectors/recompute.json.
"""

from dataclasses import dataclass, field
from functools import cache
from typing import Any

import signing
import trees
from eth_abi import encode
from eth_utils import keccak
from world import DAY, ZONE, World, row, rows_root

NONE = 2**64 - 1
SLOTS = 96
ARITHMETIC, ENERGY, TRADE, PRICE, LIMIT, VOID, TOTAL, MALFORMED = range(8)
SALT = keccak(text="salt")
POINT_ID = bytes(16) + keccak(text="point")[:16]
OTHER_ID = bytes(16) + keccak(text="other point")[:16]
# Where the entries of a day stand in the log; index 0 is the log's first entry, anchored with the deployment.
BINDING_AT, TARIFF_AT, AUCTION_AT, PRICE_AT, HOLD_AT, INTERVAL_AT, NEXT_AT, LAST_AT = 3, 4, 5, 6, 7, 10, 12, 14

FIELDS = {
    "INTERVAL": "point slot importWh exportWh quality version supersedes bindingIndex registersCommitment salt",
    "BINDING": "point zone account meterSerialHash reversed multiplierNum multiplierDen fromDay toDay prevBinding"
    " coSignatureHash salt",
    "DECISION": "decisionKind zone slot version value inputLogSize contentHash salt",
    "AUCTION": "zone slot mode price ordersRoot fillsRoot fillCount salt",
    "TARIFF": "zone day tariffRoot salt",
    "REGISTERS": "importStart importEnd exportStart exportEnd modulus meterStart meterEnd readingStart readingEnd"
    " interpolated salt",
    "LINE": "slot intervalIndex orderHash fillIndex holdIndex importWh exportWh boughtWh soldWh amount runningTotal"
    " salt",
    "HEADER": "slot localPrice tariffIndex feePrice importPrice exportPrice buyNum buyDen sellNum sellDen priceIndex"
    " auctionIndex boughtWh soldWh mismatchWh memberImportWh memberExportWh feederWh feeAmount residualAmount salt",
    "FILL": "orderHash point side quantityWh price salt",
    "TARIFF_SLOT": "slot importPrice exportPrice feePrice",
}


def word(value: Any) -> bytes:
    """One word: a number in two's complement, an address with zeros in front, 32 bytes as they are."""
    if isinstance(value, bytes):
        return value.rjust(32, b"\0")
    if isinstance(value, str):
        return bytes.fromhex(value[2:]).rjust(32, b"\0")
    return (int(value) % 2**256).to_bytes(32, "big")


def words(kind: str, fields: dict[str, Any]) -> list[bytes]:
    """Fields in the leaf's order, absent ones zero, the salt last."""
    names = FIELDS[kind].split()
    unknown = set(fields) - set(names)
    assert not unknown, f"{kind} has no {unknown}"
    return [word(fields.get(name, SALT if name == "salt" else 0)) for name in names]


def tag(kind: str) -> bytes:
    return keccak(text=f"commonwatt.{kind}.v1")


def leaf(kind: str, given: list[bytes]) -> bytes:
    return trees.leaf(tag(kind) + b"".join(given))


@cache
def uniform(size: int) -> bytes:
    """Root over that many equal leaves."""
    if size == 1:
        return trees.leaf(b"7")
    k = 1 << (size - 1).bit_length() - 1
    return trees.node(uniform(k), uniform(size - k))


class Sparse:
    """A tree of any size in which only some leaves matter; all others are equal."""

    def __init__(self, size: int, leaves: dict[int, bytes]) -> None:
        self.size, self.leaves = size, leaves

    def root(self, low: int = 0, high: int | None = None) -> bytes:
        high = self.size if high is None else high
        if not any(low <= i < high for i in self.leaves):
            return uniform(high - low)
        if high - low == 1:
            return self.leaves[low]
        middle = low + (1 << (high - low - 1).bit_length() - 1)
        return trees.node(self.root(low, middle), self.root(middle, high))

    def inclusion(self, index: int, low: int = 0, high: int | None = None) -> list[bytes]:
        high = self.size if high is None else high
        if high - low == 1:
            return []
        middle = low + (1 << (high - low - 1).bit_length() - 1)
        if index < middle:
            return [*self.inclusion(index, low, middle), self.root(middle, high)]
        return [*self.inclusion(index, middle, high), self.root(low, middle)]

    def consistency(self, old: int, low: int = 0, high: int | None = None, whole: bool = True) -> list[bytes]:
        high = self.size if high is None else high
        if old == high - low:
            return [] if whole else [self.root(low, high)]
        k = 1 << (high - low - 1).bit_length() - 1
        if old <= k:
            return [*self.consistency(old, low, low + k, whole), self.root(low + k, high)]
        return [*self.consistency(old - k, low + k, high, False), self.root(low, low + k)]


def amount_of(line: dict[str, int], header: dict[str, int]) -> int:
    """The formula of docs/PROTOCOL.md section 2; Python's floor goes toward minus infinity as it should."""
    ri, re = line["importWh"] - line["boughtWh"], line["exportWh"] - line["soldWh"]
    exact = line["soldWh"] * header["localPrice"] - line["boughtWh"] * (header["localPrice"] + header["feePrice"])
    exact -= ri * header["importPrice"] if ri >= 0 else ri * header["exportPrice"]
    exact += re * header["exportPrice"] if re >= 0 else re * header["importPrice"]
    return exact // 1000


@dataclass
class Scenario:
    """One slot of one point, posted as the overrides say; what they leave out is consistent with the rest.

    The defaults are Ann's slot of docs/PROTOCOL.md: 1,000 Wh made, 800 sold at 0.18.
    """

    world: World
    owner: str = "alice"
    day: int = 0
    place: int = 40
    mode: int = 0
    size: int = 50
    base: int = 0  # added to the log indices above
    points: int = 3
    account_points: int = 1
    counted: dict[int, int] = field(default_factory=dict)  # by position, where a leaf counts other than there are
    line: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    interval: dict[str, Any] = field(default_factory=dict)
    registers: dict[str, Any] = field(default_factory=dict)
    binding: dict[str, Any] = field(default_factory=dict)
    auction: dict[str, Any] = field(default_factory=dict)
    fill: dict[str, Any] = field(default_factory=dict)
    tariff: dict[str, Any] = field(default_factory=dict)
    tariff_slot: dict[str, Any] = field(default_factory=dict)
    decision: dict[str, Any] = field(default_factory=dict)
    entries: dict[int, tuple[str, dict[str, Any]]] = field(default_factory=dict)  # by log index less base
    lines: dict[int, dict[str, Any]] = field(default_factory=dict)  # other lines of the day, by place
    day_net: int | None = None  # of the point leaf; else what the last line says
    nets: dict[str, int] = field(default_factory=dict)  # of rows, by name; else the owner's own
    fill_count: int = 7
    fill_at: int = 4
    checkpoint: tuple | None = None  # anchored already
    sequence: int = 0

    def __post_init__(self) -> None:
        self.day = self.day or self.world.today - 1
        self.slot = SLOTS * self.day + self.place
        self._make_log()
        self._make_run()

    # What is posted

    def _make_log(self) -> None:
        account = self.world[self.owner]
        self.registers = {
            "importStart": 5_000, "importEnd": 5_000, "exportStart": 999_500, "exportEnd": 500,
            "modulus": 1_000_000, "readingStart": 1, "readingEnd": 2, **self.registers,
        }  # fmt: skip
        commitment = leaf("REGISTERS", words("REGISTERS", self.registers))
        self.interval = {
            "point": POINT_ID, "slot": self.slot, "exportWh": 1_000, "supersedes": NONE,
            "bindingIndex": self.base + BINDING_AT, "registersCommitment": commitment, **self.interval,
        }  # fmt: skip
        self.binding = {
            "point": POINT_ID, "zone": ZONE, "account": account, "multiplierNum": 1, "multiplierDen": 1,
            "fromDay": self.day - 9, "toDay": NONE, "prevBinding": NONE, **self.binding,
        }  # fmt: skip
        self.fill = {
            "orderHash": keccak(text="order"), "point": POINT_ID, "side": 1, "quantityWh": 800, "price": 180_000,
            **self.fill,
        }  # fmt: skip
        self.fills = Sparse(self.fill_count, {self.fill_at: leaf("FILL", words("FILL", self.fill))})
        self.auction = {
            "zone": ZONE, "slot": self.slot, "mode": self.mode, "price": 180_000, "fillsRoot": self.fills.root(),
            "fillCount": self.fill_count, **self.auction,
        }  # fmt: skip
        self.tariff_slot = {
            "slot": self.slot, "importPrice": 300_000, "exportPrice": 80_000, "feePrice": 30_000, **self.tariff_slot,
        }  # fmt: skip
        slot_leaf = leaf("TARIFF_SLOT", words("TARIFF_SLOT", self.tariff_slot))
        self.tariff_tree = Sparse(SLOTS, {self.place: slot_leaf})
        self.tariff = {"zone": ZONE, "day": self.day, "tariffRoot": self.tariff_tree.root(), **self.tariff}
        self.decision = {"decisionKind": 2, "zone": ZONE, "slot": self.slot, "value": 180_000, **self.decision}
        hold = {"decisionKind": 4, "zone": ZONE, "slot": self.slot}
        self.entries = {
            BINDING_AT: ("BINDING", self.binding),
            TARIFF_AT: ("TARIFF", self.tariff),
            AUCTION_AT: ("AUCTION", self.auction),
            PRICE_AT: ("DECISION", self.decision),
            HOLD_AT: ("DECISION", hold),
            INTERVAL_AT: ("INTERVAL", self.interval),
            **self.entries,
        }
        leaves = {self.base + index: leaf(kind, words(kind, fields)) for index, (kind, fields) in self.entries.items()}
        # The log's first entry was anchored when the community was set up.
        self.log = Sparse(self.size, {0: keccak(text="log"), **leaves})

    def _make_run(self) -> None:
        self.header = {
            "slot": self.slot, "localPrice": 180_000, "tariffIndex": self.base + TARIFF_AT, "feePrice": 30_000,
            "importPrice": 300_000, "exportPrice": 80_000, "priceIndex": self.base + PRICE_AT,
            "auctionIndex": self.base + AUCTION_AT, "salt": 0, **self.header,
        }  # fmt: skip
        self.line = {
            "slot": self.slot, "intervalIndex": self.base + INTERVAL_AT, "orderHash": self.fill["orderHash"],
            "fillIndex": self.fill_at, "holdIndex": NONE, "importWh": 0, "exportWh": 1_000, "boughtWh": 0,
            "soldWh": 800, **self.line,
        }  # fmt: skip
        self.line.setdefault("amount", amount_of(self.line, self.header))
        total, leaves = 0, {}
        for place in range(SLOTS):
            fields = self.line if place == self.place else self.lines.get(place, {})
            fields = {"slot": SLOTS * self.day + place, "holdIndex": NONE, "fillIndex": NONE, "amount": 0, **fields}
            fields.setdefault("runningTotal", total + fields["amount"])
            total = fields["runningTotal"]
            self.lines[place] = fields
            leaves[place] = leaf("LINE", words("LINE", fields))
        self.line = self.lines[self.place]
        self.lines_tree = Sparse(SLOTS, leaves)
        self.headers_tree = Sparse(SLOTS, {self.place: leaf("HEADER", words("HEADER", self.header))})
        self.day_net = total if self.day_net is None else self.day_net
        self.run_key = trees.sha256(tag("RUN") + word(ZONE) + word(self.day)).digest()
        self.point_leaves = {1: self._point_words(1, self.day_net)}
        # Further points of the account, each with a net of 1,000.
        for extra in range(1, self.account_points):
            self.point_leaves[1 + extra] = self._point_words(1 + extra, 1_000)
        hashed = {
            at: leaf("POINT", [self.run_key, word(self.sequence), *given]) for at, given in self.point_leaves.items()
        }
        self.points_tree = Sparse(max(self.points, self.account_points + 1), hashed)
        net = self.day_net + 1_000 * (self.account_points - 1)
        self.nets = {self.owner: net, **self.nets}

    def _point_words(self, at: int, net: int) -> list[bytes]:
        point = POINT_ID if at == 1 else bytes(16) + keccak(text=f"point {at}")[:16]
        account = self.world[self.owner]
        return [point, word(account), word(net), word(self._count(at)), self.lines_tree.root(), SALT]

    def _count(self, at: int) -> int:
        return self.counted.get(at, self.account_points)

    def anchor(self) -> "Scenario":
        """Anchor the log, unless that was done."""
        if self.checkpoint is None:
            proof = self.log.consistency(self.world.checkpoints[-1][1])
            self.world.grow(self.size, self.log.root(), proof)
            self.checkpoint = self.world.checkpoints[-1]
        return self

    def post(self) -> "Scenario":
        """Anchor the log and post the run."""
        self.anchor()
        self.rows = self.world.rows(self.nets)
        self.input = self.world.run(
            self.rows,
            day=self.day,
            sequence=self.sequence,
            pointsRoot=self.points_tree.root(),
            pointCount=self.points_tree.size,
            headersRoot=self.headers_tree.root(),
            checkpoint=self.checkpoint[0],
            mode=self.mode,
        )
        self.world.settlement.postRun(self.input, self.rows, {"from": self.world.poster})
        return self

    # What a claim brings

    @property
    def run(self) -> tuple:
        return tuple(self.input), rows_root(self.rows), self.checkpoint

    def point(self, at: int = 1) -> tuple:
        given = self.point_leaves[at]
        net = int.from_bytes(given[2], "big", signed=True)
        account = self.world[self.owner]
        return given[0], account, net, self._count(at), given[4], given[5], at, self.points_tree.inclusion(at)

    def line_at(self, place: int | None = None) -> tuple:
        place = self.place if place is None else place
        return words("LINE", self.lines[place]), self.lines_tree.inclusion(place)

    @property
    def opened_header(self) -> tuple:
        return words("HEADER", self.header), self.headers_tree.inclusion(self.place)

    @property
    def statement(self) -> tuple:
        return self.run, self.point(), self.line_at(), self.opened_header

    def entry(self, index: int) -> tuple:
        """An opened log entry of the kind that it is."""
        kind, fields = self.entries[index]
        return words(kind, fields), self.base + index, self.log.inclusion(self.base + index)

    def any_entry(self, index: int) -> tuple:
        """The same, tag first, as {Openings.Entry}."""
        kind, fields = self.entries[index]
        return [tag(kind), *words(kind, fields)], self.base + index, self.log.inclusion(self.base + index)

    @property
    def opened_registers(self) -> tuple:
        return (words("REGISTERS", self.registers),)

    @property
    def opened_fill(self) -> tuple:
        return words("FILL", self.fill), self.fill_at, self.fills.inclusion(self.fill_at)

    @property
    def opened_tariff_slot(self) -> tuple:
        return words("TARIFF_SLOT", self.tariff_slot), self.tariff_tree.inclusion(self.place)

    def chunk(self, number: int = 0) -> tuple:
        """A chunk of rows, its number and path."""
        chunks = [self.rows[i : i + 16] for i in range(0, len(self.rows), 16)]
        leaves = [trees.leaf(tag("ROWS") + b"".join(chunk)) for chunk in chunks]
        return chunks[number], number, trees.inclusion(number, leaves)

    def row_proof(self, *numbers: int) -> tuple:
        count = -(-len(self.rows) // 16)
        return count, [self.chunk(number) for number in numbers]

    # Who claims

    def caller(self, name: str | None = None) -> tuple:
        """A claim without a signature."""
        return self.world[name or self.owner], 0, 0, b""

    @property
    def input_fields(self) -> dict[str, Any]:
        """What a correction of the run keeps of its input."""
        names = ["zone", "day", "sequence", "pointsRoot", "pointCount", "headersRoot", "checkpoint", "profileHash"]
        fields = dict(zip([*names, "mode"], self.input, strict=True))
        return {name: value for name, value in fields.items() if name != "sequence"}

    def signed(self, ground_: int, name: str | None = None, **changes: Any) -> tuple:
        """A claim that anyone may relay; `changes` alter what is signed."""
        nonce, deadline = self.world.fresh()
        message = {
            "account": self.world[name or self.owner], "runKey": self.run_key, "sequence": self.sequence,
            "point": POINT_ID, "slot": self.slot, "ground": ground_, "nonce": nonce, "deadline": deadline,
            **{key: value for key, value in changes.items() if key != "domain"},
        }  # fmt: skip
        domain = {**self.world.domain, "verifyingContract": self.world.recomputation.address}
        signature = self.world.sign(name or self.owner, "Claim", message, changes.get("domain", domain))
        return self.world[name or self.owner], message["nonce"], message["deadline"], signature


def order_words(world: World, owner: str, slot: int, **changes: Any) -> tuple[bytes, tuple]:
    """An order made from a mandate: its hash, and the {PriceGround.Order} that opens it."""
    fields = {
        "validFromDay": 1, "validToDay": 2**31, "capPerDay": 100_000_000, **signing.DEMO_TERMS, "nonce": 7,
        "deadline": 2**40, "sells": True, "limitPrice": 150_000, "quantityWh": 900, **changes,
    }  # fmt: skip
    terms = {name: fields[name] for name in signing.DEMO_TERMS}
    kind = (
        "Mandate(address account,uint32 validFromDay,uint32 validToDay,uint256 capPerDay,MandateTerms terms,"
        "uint256 nonce,uint256 deadline)MandateTerms(uint64 buyCeiling,uint64 sellFloor,bool followSignal,"
        "uint64 maxBuyWhPerDay,uint64 maxSellWhPerDay)"
    )
    types = ["bytes32", "address", "uint32", "uint32", "uint256", "bytes32", "uint256", "uint256"]
    members = [
        keccak(text=kind), world[owner], fields["validFromDay"], fields["validToDay"], fields["capPerDay"],
        signing.terms_hash(terms), fields["nonce"], fields["deadline"],
    ]  # fmt: skip
    mandate = keccak(encode(types, members))
    preimage = [tag("MANDATE_ORDER"), mandate, POINT_ID, slot, fields["sells"], fields["limitPrice"]]
    hashed = trees.sha256(b"".join(word(value) for value in [*preimage, fields["quantityWh"]])).digest()
    return hashed, tuple(fields.values())


def day_end(day: int) -> int:
    return (day + 1) * DAY


__all__ = ["Scenario", "Sparse", "amount_of", "day_end", "order_words", "row"]
