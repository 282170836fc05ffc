"""Grounds 3 to 5: PRICE, prices other than the log's; LIMIT, prices beyond an order's; VOID, entries too late."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from grid.domain.claim_errors import (
    CheckpointsWrong,
    CitationWrong,
    EntryRight,
    NotLate,
    OrderWrong,
    SignalNotFollowed,
)
from grid.domain.clearing import Side
from grid.domain.entries import DecisionKind, EntryKind, LeafKind, Mode, mandate_order_hash
from grid.domain.grounds.facts import (
    Facts,
    Posted,
    is_decision,
    local_price,
    require_auction,
    require_cited,
    require_price,
    require_same,
    without_trade,
)
from grid.domain.mandates import MandateWish
from grid.domain.openings import (
    AnyEntry,
    Checkpoint,
    Entry,
    Opened,
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


def of_local(posted: Posted, facts: Facts, source: Entry) -> Facts:
    """Return the facts with the local price of the cited AUCTION (ex_ante) or price DECISION. Raises ClaimRefused."""
    if posted.run.input.mode == Mode.EX_ANTE:
        return replace(facts, local_price=require_auction(posted, source).number("price"))
    return replace(facts, local_price=require_price(posted, source).number("value"))


def of_tariff(posted: Posted, facts: Facts, entry: Entry, slot: TariffSlot, cited: Sequence[AnyEntry]) -> Facts:
    """Return the facts with the prices of the TARIFF. Raises ClaimRefused.

    It is the one that the header cites, or any of zone and day where the cited entry, opened, is none of these.
    """
    if cited:
        _require_no_tariff(posted, cited[0])
    else:
        require_cited(entry.index, posted.header.number("tariffIndex"))
    tariff, prices = Opened(EntryKind.TARIFF, entry.words), Opened(LeafKind.TARIFF_SLOT, slot.words)
    require_same(tariff.number("day"), posted.run.input.day)
    require_same(tariff.data("zone"), posted.zone)
    require_same(prices.number("slot"), posted.slot)
    require_entry(posted.run, EntryKind.TARIFF, entry)
    require_tariff_slot(tariff.data("tariffRoot"), posted.place, slot)
    shown = prices.number("feePrice"), prices.number("importPrice"), prices.number("exportPrice")
    return replace(facts, tariff=shown)


def _require_no_tariff(posted: Posted, cited: AnyEntry) -> None:
    """Require that the entry which the header cites is no TARIFF of the run's zone and day. Raises ClaimRefused."""
    require_cited(cited.index, posted.header.number("tariffIndex"))
    tariff = require_any(posted.run, EntryKind.TARIFF, cited)
    if tariff and tariff.data("zone") == posted.zone and tariff.number("day") == posted.run.input.day:
        raise EntryRight(cited.index)


def of_limit(posted: Posted, facts: Facts, order: MandateOrder, signal: Sequence[Entry]) -> Facts:
    """Return the facts with a local price within the limits of order and mandate. Raises ClaimRefused.

    Also within the signal's, where the mandate follows it and it is opened. A buyer's limit excludes the fee.
    """
    _require_order(posted, order)
    buying = order.side is Side.BUY
    limits = [order.limit_price, order.mandate.buy_ceiling if buying else order.mandate.sell_floor]
    if signal:
        if not order.mandate.follow_signal:
            raise SignalNotFollowed
        limits.append(require_price(posted, signal[0]).number("value"))
    limits.append(local_price(posted, facts))
    return replace(facts, local_price=min(limits) if buying else max(limits))


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
    follows = first.seq == 0 or (before.seq == first.seq - 1 and before in anchored)
    if first not in anchored or not follows:
        raise CheckpointsWrong(before.seq, first.seq)
    if index is None or (first.seq != 0 and index < before.size) or index >= first.size or first.anchored_at <= latest:
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
