"""What claims have shown about one slot of a statement, and the amount that follows from it."""

from dataclasses import dataclass, replace

from grid.domain.amounts import Prices, Quantities, line_amount
from grid.domain.claim_errors import CitationWrong, HeaderOfAnotherSlot, NotTheAccounts, OfAnother
from grid.domain.entries import DecisionKind, EntryKind, LeafKind
from grid.domain.openings import (
    Entry,
    Header,
    Line,
    Opened,
    Point,
    Run,
    place_of,
    require_entry,
    require_header,
    require_line,
    require_point,
)
from grid.domain.units import PricePerKWh, WattHours


@dataclass(frozen=True, slots=True)
class Facts:
    """What replaces line and header, None where they stand, and what was paid for it.

    `energy` is import and export in Wh, `trade` bought and sold, `tariff` fee, import and export price.
    `disowned`: the slot is not the account's that the point leaf names, so nothing is due to or from it.
    `owned`: it is the account's, though the point leaf names another.
    """

    energy: tuple[int, int] | None = None
    trade: tuple[int, int] | None = None
    local_price: int | None = None
    tariff: tuple[int, int, int] | None = None
    disowned: bool = False
    owned: bool = False
    paid: int = 0


@dataclass(frozen=True, slots=True)
class Statement:
    """One slot of a point as a run posted it, in plaintext."""

    run: Run
    point: Point
    line: Line
    header: Header


@dataclass(frozen=True, slots=True)
class Posted:
    """A statement whose proofs hold, under its run key."""

    run: Run
    key: bytes
    point: Point
    line: Opened
    header: Opened
    slot: int
    place: int

    @property
    def size(self) -> int:
        """Number of log entries that the run could cite."""
        return self.run.checkpoint.size

    @property
    def zone(self) -> bytes:
        """The run's zone."""
        return self.run.input.zone


def require_statement(statement: Statement, key: bytes) -> Posted:
    """Require point leaf, line and header of one slot in their run. Raises ClaimRefused."""
    run, point = statement.run, statement.point
    require_point(run, key, point)
    slot = Opened(LeafKind.LINE, statement.line.words).number("slot")
    place = place_of(slot, run.input.day)
    line = require_line(point.lines_root, place, statement.line)
    header = require_header(run, place, statement.header)
    if header.number("slot") != slot:
        raise HeaderOfAnotherSlot(header.number("slot"), slot)
    return Posted(run, key, point, line, header, slot, place)


def require_owner(account: bytes, point: Point, facts: Facts) -> None:
    """Require that a slot is the claimant's, by the point leaf or by what was shown. Raises NotTheAccounts."""
    if account != point.account and not facts.owned:
        raise NotTheAccounts(account, point.account)


def require_cited(index: int, cited: int | None) -> None:
    """Require the entry that is cited. Raises CitationWrong."""
    if index != cited:
        raise CitationWrong(index, cited)


def require_same(given: int | bytes, expected: int | bytes) -> None:
    """Require what was opened to be about what is claimed. Raises OfAnother."""
    if given != expected:
        raise OfAnother(given, expected)


def require_auction(posted: Posted, entry: Entry) -> Opened:
    """Return the AUCTION that the header cites, of the run's zone and the slot. Raises ClaimRefused."""
    require_cited(entry.index, posted.header.index("auctionIndex"))
    auction = require_entry(posted.run, EntryKind.AUCTION, entry)
    require_same(auction.data("zone"), posted.zone)
    require_same(auction.number("slot"), posted.slot)
    return auction


def require_price(posted: Posted, entry: Entry) -> Opened:
    """Return the price DECISION that the header cites, of the run's zone and the slot. Raises ClaimRefused."""
    require_cited(entry.index, posted.header.index("priceIndex"))
    decision = require_entry(posted.run, EntryKind.DECISION, entry)
    require_same(decision.number("decisionKind"), int(DecisionKind.PRICE))
    require_same(decision.data("zone"), posted.zone)
    require_same(decision.number("slot"), posted.slot)
    return decision


def is_decision(posted: Posted, decision: Opened, kind: DecisionKind) -> bool:
    """Return whether a DECISION is one of a kind about the run's zone and the slot."""
    about = decision.data("zone") == posted.zone and decision.number("slot") == posted.slot
    return about and decision.number("decisionKind") == kind


def local_price(posted: Posted, facts: Facts) -> int:
    """Return the slot's local price, as shown so far."""
    return posted.header.number("localPrice") if facts.local_price is None else facts.local_price


def without_trade(facts: Facts) -> Facts:
    """Return facts with no local trade."""
    return replace(facts, trade=(0, 0))


def amount(posted: Posted, facts: Facts) -> int:
    """Return what the slot comes to: floor(T / 1000) of what was shown, else of what was posted."""
    if facts.disowned:
        return 0
    line, header = posted.line, posted.header
    imported, exported = facts.energy or (line.number("importWh"), line.number("exportWh"))
    bought, sold = facts.trade or (line.number("boughtWh"), line.number("soldWh"))
    fee, import_, export = facts.tariff or (
        header.number("feePrice"),
        header.number("importPrice"),
        header.number("exportPrice"),
    )
    energy = Quantities(WattHours(imported), WattHours(exported), WattHours(bought), WattHours(sold))
    prices = Prices(
        PricePerKWh(local_price(posted, facts)), PricePerKWh(fee), PricePerKWh(import_), PricePerKWh(export)
    )
    return line_amount(energy, prices)
