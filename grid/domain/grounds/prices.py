"""Grounds 3 to 5: PRICE, prices other than the log's; LIMIT, prices beyond an order's; VOID, entries too late."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from grid.domain.claim_errors import (
    CheckpointsWrong,
    CitationWrong,
    EntryRight,
    ModeWrong,
    NothingCited,
    NotLate,
    OrderWrong,
    SignalNotFollowed,
    TariffOfAnother,
    TariffOfAnotherSlot,
)
from grid.domain.clearing import Side
from grid.domain.entries import DecisionKind, EntryKind, Mode, mandate_order_hash
from grid.domain.grounds.facts import (
    Facts,
    Posted,
    is_decision,
    local_price,
    require_auction,
    require_price,
    without_trade,
)
from grid.domain.mandates import MandateWish
from grid.domain.openings import (
    AnyEntry,
    Checkpoint,
    Entry,
    TariffSlot,
    require_any,
    require_entry,
    require_tariff_slot,
)
from grid.domain.slots import SLOT_SECONDS


@dataclass(frozen=True, slots=True)
class MandateOrder:
    """An order made from a mandate: what the line's order hash stands for, point and slot aside."""

    mandate: MandateWish
    side: Side
    limit_price: int
    quantity_wh: int


def of_auction(posted: Posted, facts: Facts, auction: Entry) -> Facts:
    """Return the facts with the local price of the AUCTION, in ex_ante. Raises ClaimRefused."""
    if posted.run.input.mode != Mode.EX_ANTE:
        raise ModeWrong(posted.run.input.mode)
    return replace(facts, local_price=require_auction(posted, auction).number("price"))


def of_decision(posted: Posted, facts: Facts, decision: Entry) -> Facts:
    """Return the facts with the local price of the price DECISION, in ex_post. Raises ClaimRefused."""
    if posted.run.input.mode != Mode.EX_POST:
        raise ModeWrong(posted.run.input.mode)
    return replace(facts, local_price=require_price(posted, decision).number("value"))


def of_tariff(posted: Posted, facts: Facts, entry: Entry, slot: TariffSlot) -> Facts:
    """Return the facts with the prices of the TARIFF. Raises ClaimRefused."""
    cited = posted.header.number("tariffIndex")
    if entry.index != cited:
        raise CitationWrong(entry.index, cited)
    tariff = require_entry(posted.run, EntryKind.TARIFF, entry)
    if tariff.data("zone") != posted.zone or tariff.number("day") != posted.run.input.day:
        raise TariffOfAnother(tariff.data("zone"), tariff.number("day"))
    prices = require_tariff_slot(tariff.data("tariffRoot"), posted.place, slot)
    if prices.number("slot") != posted.slot:
        raise TariffOfAnotherSlot(prices.number("slot"), posted.slot)
    shown = prices.number("feePrice"), prices.number("importPrice"), prices.number("exportPrice")
    return replace(facts, tariff=shown)


def of_limit(posted: Posted, facts: Facts, order: MandateOrder) -> Facts:
    """Return the facts with a local price within the limits of order and mandate. Raises ClaimRefused.

    A buyer's limit excludes the fee.
    """
    _require_order(posted, order)
    return _within(posted, facts, order, order.limit_price)


def of_signal_limit(posted: Posted, facts: Facts, order: MandateOrder, signal: Entry) -> Facts:
    """As of_limit, for a mandate that follows the signal. Raises ClaimRefused."""
    _require_order(posted, order)
    if not order.mandate.follow_signal:
        raise SignalNotFollowed
    return _within(posted, facts, order, order.limit_price, require_price(posted, signal).number("value"))


def _require_order(posted: Posted, order: MandateOrder) -> None:
    """Require the order that the line cites, made from a mandate of the account that the point leaf names."""
    given = mandate_order_hash(
        mandate=replace(order.mandate, account=posted.point.account).struct_hash,
        point=posted.point.point,
        slot=posted.slot,
        side=order.side,
        limit_price=order.limit_price,
        quantity_wh=order.quantity_wh,
    )
    committed = posted.line.data("orderHash")
    if given != committed:
        raise OrderWrong(given, committed)


def _within(posted: Posted, facts: Facts, order: MandateOrder, *limits: int) -> Facts:
    """Return the facts with the strictest of limits, the mandate's own and the present price."""
    stricter: Callable[..., int] = min if order.side is Side.BUY else max
    bound = order.mandate.buy_ceiling if order.side is Side.BUY else order.mandate.sell_floor
    return replace(facts, local_price=stricter(*limits, bound, local_price(posted, facts)))


def of_late_entry(
    posted: Posted, facts: Facts, before: Checkpoint, first: Checkpoint, anchored: set[Checkpoint], gate_lead: int
) -> Facts:
    """Return the facts without a trade, where the entry it rests on was anchored too late. Raises ClaimRefused.

    That is the AUCTION after the slot began (ex_ante), or the price DECISION after the gate (ex_post, `gate_lead` in
    seconds). `first` is the first checkpoint that covers it, `before` the one before, not looked at before number 0.
    """
    latest, name = posted.slot * SLOT_SECONDS, "auctionIndex"
    if posted.run.input.mode == Mode.EX_POST:
        latest, name = latest - gate_lead, "priceIndex"
    index = posted.header.index(name)
    if index is None:
        raise NothingCited
    follows = first.seq == 0 or (before.seq == first.seq - 1 and before in anchored)
    if first not in anchored or not follows:
        raise CheckpointsWrong(before.seq, first.seq)
    earlier = first.seq != 0 and index < before.size
    if earlier or index >= first.size or first.anchored_at <= latest:
        raise NotLate(index, first.anchored_at, latest)
    return without_trade(facts)


def of_false_entry(posted: Posted, facts: Facts, cited: AnyEntry) -> Facts:
    """Return the facts without a trade, where the entry cited as AUCTION, in ex_post as price, is none of the slot."""
    auction, price = posted.header.index("auctionIndex"), posted.header.index("priceIndex")
    as_price = posted.run.input.mode == Mode.EX_POST and cited.index == price
    if cited.index != auction and not as_price:
        raise CitationWrong(cited.index, auction)
    kind = EntryKind.AUCTION if cited.index == auction else EntryKind.DECISION
    entry = require_any(posted.run, kind, cited)
    if entry is None:
        return without_trade(facts)
    right = entry.data("zone") == posted.zone and entry.number("slot") == posted.slot
    if right and (kind is EntryKind.AUCTION or is_decision(posted, entry, DecisionKind.PRICE)):
        raise EntryRight(cited.index)
    return without_trade(facts)
