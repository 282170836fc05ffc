"""Ground 2, TRADE: what the auction's fills say a point traded, and holds that count or not."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from grid.domain.claim_errors import HeldSlotWrong, HoldCounts, TradeCited
from grid.domain.clearing import Side
from grid.domain.entries import DecisionKind, EntryKind, LeafKind, Mode
from grid.domain.grounds.facts import (
    Facts,
    Posted,
    is_decision,
    require_auction,
    require_cited,
    require_same,
    without_trade,
)
from grid.domain.openings import AnyEntry, Entry, Fill, Line, Opened, place_of, require_any, require_fill, require_line
from grid.domain.slots import SLOT_SECONDS, SLOTS_PER_DAY


def day_end(day: int) -> int:
    """Return the moment a UTC day ends, in unix seconds."""
    return (day + 1) * SLOTS_PER_DAY * SLOT_SECONDS


@dataclass(frozen=True, slots=True)
class Hold:
    """What speaks against a slot's hold: when it ends by itself and whether it has, how many a point's day may have
    (`most`), and what is opened: held lines of the day before the slot, or the entry cited as the hold.
    """

    ends_at: int
    ended: bool
    most: int
    others: Sequence[Line]
    decision: Sequence[AnyEntry]


def of_fill(posted: Posted, facts: Facts, auction: Entry, fill: Fill, hold: Hold) -> Facts:
    """Return the facts with the trade of the point's fill, where no hold of the slot counts. Raises ClaimRefused."""
    index = posted.line.index("holdIndex")
    if index is not None and not hold.ended and not _is_void(posted, index, hold):
        raise HoldCounts(index, hold.ends_at)
    return _filled(posted, facts, auction, fill)


def of_none(posted: Posted, facts: Facts) -> Facts:
    """Return the facts without a trade, where the slot is held or not all is cited that a trade needs."""
    line, header = posted.line, posted.header
    fill, auction = line.index("fillIndex"), header.index("auctionIndex")
    priced = posted.run.input.mode == Mode.EX_ANTE or header.index("priceIndex") is not None
    if fill is not None and auction is not None and priced and line.index("holdIndex") is None:
        raise TradeCited(fill)
    return without_trade(facts)


def _is_void(posted: Posted, index: int, hold: Hold) -> bool:
    """Return whether a hold that has not ended does not count.

    Its entry stands outside the checkpoint, or is no HOLD of the slot, or as many slots of the day are held before.
    """
    if index >= posted.size:
        return True
    if hold.decision:
        require_cited(hold.decision[0].index, index)
        decision = require_any(posted.run, EntryKind.DECISION, hold.decision[0])
        return decision is None or not is_decision(posted, decision, DecisionKind.HOLD)
    following = 0
    for line in hold.others:
        opened = Opened(LeafKind.LINE, line.words)
        slot = opened.number("slot")
        if not following <= slot < posted.slot or opened.index("holdIndex") is None:
            raise HeldSlotWrong(slot)
        following = slot + 1
        require_line(posted.point.lines_root, place_of(slot, posted.run.input.day), line)
    return len(hold.others) >= hold.most


def _filled(posted: Posted, facts: Facts, entry: Entry, fill: Fill) -> Facts:
    """Return the facts with what the cited auction gave the point.

    The cited fill is none where it stands outside the tree, or is another point's or order's.
    """
    auction = require_auction(posted, entry)
    place = posted.line.index("fillIndex")
    cited = fill.position == place
    if cited and fill.position >= auction.number("fillCount"):
        return without_trade(facts)
    opened = require_fill(auction, fill)
    own = opened.data("point") == posted.point.point
    if cited and (not own or opened.data("orderHash") != posted.line.data("orderHash")):
        return without_trade(facts)
    require_same(opened.data("point"), posted.point.point)
    quantity = opened.number("quantityWh")
    buying = opened.number("side") == Side.BUY
    return replace(facts, trade=(quantity, 0) if buying else (0, quantity))
