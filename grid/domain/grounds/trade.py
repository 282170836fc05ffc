"""Ground 2, TRADE: what the auction's fills say a point traded, and holds that count or not."""

from collections.abc import Sequence
from dataclasses import replace

from grid.domain.claim_errors import (
    CitationWrong,
    FillOfAnother,
    HeldSlotsTooFew,
    HeldSlotWrong,
    HoldCounts,
    SlotHeld,
    SlotNotHeld,
    TradeCited,
)
from grid.domain.clearing import Side
from grid.domain.entries import DecisionKind, EntryKind, LeafKind, Mode
from grid.domain.grounds.facts import Facts, Posted, is_decision, require_auction, without_trade
from grid.domain.openings import AnyEntry, Entry, Fill, Line, Opened, place_of, require_any, require_fill, require_line
from grid.domain.slots import SLOT_SECONDS, SLOTS_PER_DAY


def day_end(day: int) -> int:
    """Return the moment a UTC day ends, in unix seconds."""
    return (day + 1) * SLOTS_PER_DAY * SLOT_SECONDS


def of_fill(posted: Posted, facts: Facts, auction: Entry, fill: Fill) -> Facts:
    """Return the facts with the trade of the point's fill, where the slot is not held. Raises ClaimRefused."""
    hold = posted.line.index("holdIndex")
    if hold is not None:
        raise SlotHeld(hold)
    return _filled(posted, facts, auction, fill)


def of_none(posted: Posted, facts: Facts) -> Facts:
    """Return the facts without a trade, where the slot is held or not all is cited that a trade needs."""
    line, header = posted.line, posted.header
    fill, auction = line.index("fillIndex"), header.index("auctionIndex")
    priced = posted.run.input.mode == Mode.EX_ANTE or header.index("priceIndex") is not None
    if fill is not None and auction is not None and priced and line.index("holdIndex") is None:
        raise TradeCited(fill, auction)
    return without_trade(facts)


def of_ended_hold(
    posted: Posted, facts: Facts, auction: Entry, fill: Fill, others: Sequence[Line], *, ends_at: int, most: int,
    ended: bool,
) -> Facts:  # fmt: skip
    """Return the facts with the trade of the fill, where the slot's hold does not count. Raises ClaimRefused.

    It has ended, or its DECISION stands outside the checkpoint, or `others` are as many earlier held lines of the day
    as a point may have (`most`).
    """
    hold = _hold(posted.line)
    if not ended and hold < posted.size:
        if not others:
            raise HoldCounts(hold, ends_at)
        _require_held(posted, others, most)
    return _filled(posted, facts, auction, fill)


def of_false_hold(posted: Posted, facts: Facts, auction: Entry, fill: Fill, cited: AnyEntry, *, ends_at: int) -> Facts:
    """Return the facts with the trade of the fill, where what is cited is no HOLD of the slot. Raises ClaimRefused."""
    hold = _hold(posted.line)
    if cited.index != hold:
        raise CitationWrong(cited.index, hold)
    decision = require_any(posted.run, EntryKind.DECISION, cited)
    if decision is not None and is_decision(posted, decision, DecisionKind.HOLD):
        raise HoldCounts(hold, ends_at)
    return _filled(posted, facts, auction, fill)


def _hold(line: Opened) -> int:
    hold = line.index("holdIndex")
    if hold is None:
        raise SlotNotHeld(line.number("slot"))
    return hold


def _require_held(posted: Posted, others: Sequence[Line], most: int) -> None:
    """Require as many held lines of the point's day as it may have, all before the slot and in order."""
    if len(others) < most:
        raise HeldSlotsTooFew(len(others), most)
    following = 0
    for line in others:
        opened = Opened(LeafKind.LINE, line.words)
        slot = opened.number("slot")
        if not following <= slot < posted.slot:
            raise HeldSlotWrong(slot)
        following = slot + 1
        _hold(opened)
        require_line(posted.point.lines_root, place_of(slot, posted.run.input.day), line)


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
    if not own:
        raise FillOfAnother(opened.data("point"))
    quantity = opened.number("quantityWh")
    buying = opened.number("side") == Side.BUY
    return replace(facts, trade=(quantity, 0) if buying else (0, quantity))
