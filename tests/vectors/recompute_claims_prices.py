"""Claims about prices: what the header says, and what a member's limit allows."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from grid.domain.clearing import Side
from grid.domain.grounds.prices import MandateOrder
from grid.domain.statements import PointDay, SlotPrices
from tests.vectors import recompute_day as days
from tests.vectors.recompute_day import SLOTS, Auction
from tests.vectors.recompute_runs import Lie, Posted
from tests.vectors.recompute_setting import Claim, Claims, Setting, small


def at_place(place: int, **changes: Any) -> Lie:
    """A run with other prices or citations in one slot's header."""

    def prices(at: int, item: SlotPrices) -> SlotPrices:
        return replace(item, **changes) if at == place else item

    return Lie(prices=prices)


def header_prices(setting: Setting) -> Iterator[Claim]:
    known = setting.known
    claims = Claims(setting, "local price too low at 42", setting.post(at_place(42, local_price=170_000)))
    posted = claims.posted
    auction = posted.entry(known.auctions[SLOTS[42]].index)
    arguments = [posted.statement("roof", 42), auction]
    claims.add("a seller gets less than the auction's price", "localPrice", "alice", arguments, 180 * 10)
    arguments = [posted.statement("flat", 42), auction]
    claims.add("a buyer gains by the same", "localPrice", "bob", arguments, "NothingToPay")
    yield from claims.made

    claims = Claims(setting, "export price too low at 35", setting.post(at_place(35, export_price=70_000)))
    posted = claims.posted
    arguments = [posted.statement("roof", 35), posted.entry(known.tariff), posted.tariff_slot(35), []]
    due = setting.lacks(posted, "roof", 35)
    claims.add("an export price below the tariff's", "tariffPrices", "alice", arguments, due)
    yield from claims.made


def other_prices() -> Iterator[Claim]:
    known = small().known
    for case, home, account, changes in (
        ("an import price above the tariff's", "flat", "bob", {"import_price": 310_000}),
        ("a fee above the tariff's", "flat", "bob", {"fee_price": 31_000}),
    ):
        claims = Claims(small(), case, small().post(at_place(41, **changes)))
        posted = claims.posted
        arguments = [posted.statement(home, 41), posted.entry(known.tariff), posted.tariff_slot(41), []]
        claims.add(case, "tariffPrices", account, arguments, small().lacks(posted, home, 41))
        yield from claims.made
    claims = Claims(small(), "local price too high at 42", small().post(at_place(42, local_price=185_000)))
    posted = claims.posted
    arguments = [posted.statement("flat", 42), posted.entry(known.auctions[SLOTS[42]].index)]
    claims.add("a buyer pays more than the auction's price", "localPrice", "bob", arguments, 180 * 5)
    yield from claims.made


def refused_prices() -> Iterator[Claim]:
    known = small().known
    claims = Claims(small(), "honest")
    posted, tariff = claims.posted, claims.posted.entry(known.tariff)
    sold, auction = posted.statement("roof", 42), posted.entry(known.auctions[SLOTS[42]].index)
    claims.add("an honest price", "localPrice", "alice", [sold, auction], "NothingToPay")
    other = posted.entry(known.auctions[SLOTS[43]].index)
    claims.add("the price of another auction", "localPrice", "alice", [sold, other], "CitationWrong")
    signal = posted.entry(known.signals[SLOTS[42]])
    claims.add("a signal in ex_ante", "localPrice", "alice", [sold, signal], "CitationWrong")
    claims.add("an honest tariff", "tariffPrices", "alice", [sold, tariff, posted.tariff_slot(42), []], "NothingToPay")
    claims.add("another slot's tariff", "tariffPrices", "alice",
               [sold, tariff, posted.tariff_slot(43), []], "OfAnother")  # fmt: skip
    yesterday = posted.entry(known.extra["tariff of another day"])
    arguments = [sold, yesterday, posted.tariff_slot(42), []]
    claims.add("a tariff that is not cited", "tariffPrices", "alice", arguments, "CitationWrong")
    yield from claims.made

    index = known.extra["tariff of another day"]
    claims = Claims(small(), "yesterday's tariff at 42", small().post(at_place(42, tariff_index=index)))
    posted = claims.posted
    arguments = [posted.statement("roof", 42), posted.entry(index), posted.tariff_slot(42), []]
    claims.add("a cited tariff of another day", "tariffPrices", "alice", arguments, "OfAnother")
    right = [posted.statement("roof", 42), posted.entry(known.tariff), posted.tariff_slot(42)]
    claims.add("the right tariff, the cited one not opened", "tariffPrices", "alice", [*right, []], "CitationWrong")
    opened = [*right, [posted.any_entry(index)]]
    claims.add("right prices of a tariff of another day", "tariffPrices", "alice", opened, "NothingToPay")
    stranger = [*right, [posted.any_entry(known.auctions[SLOTS[42]].index)]]
    claims.add("another entry opened as the cited tariff", "tariffPrices", "alice", stranger, "CitationWrong")
    yield from claims.made

    for case, at in (
        ("a tariff of another day is cited", index),
        ("an auction is cited as tariff", known.auctions[SLOTS[42]].index),
    ):
        lie = at_place(35, tariff_index=at, export_price=70_000)
        claims = Claims(small(), f"{case} at 35", small().post(lie))
        posted = claims.posted
        arguments = [posted.statement("roof", 35), posted.entry(known.tariff), posted.tariff_slot(35)]
        due = small().lacks(posted, "roof", 35)
        claims.add(case, "tariffPrices", "alice", [*arguments, [posted.any_entry(at)]], due)
        yield from claims.made

    claims = Claims(small(), "export price too low at 35", small().post(at_place(35, export_price=70_000)))
    posted = claims.posted
    arguments = [posted.statement("roof", 35), posted.entry(known.tariff), posted.tariff_slot(35)]
    arguments.append([posted.any_entry(known.tariff)])
    claims.add("the cited tariff is right", "tariffPrices", "alice", arguments, "EntryRight")
    yield from claims.made

    odd = known.extra_auctions["another zone"]
    claims = Claims(small(), "another zone's auction at 53", by_auction(small(), 53, odd))
    posted = claims.posted
    arguments = [posted.statement("roof", 53), posted.entry(odd.index)]
    claims.add("an auction of another zone", "localPrice", "alice", arguments, "OfAnother")
    yield from claims.made


def by_auction(setting: Setting, place: int, auction: Auction, price: int = 50_000) -> Posted:
    """A run in which a slot rests on another auction."""
    lie = at_place(place, local_price=price, auction_index=auction.index)

    def points(name: str, item: PointDay) -> PointDay:
        if name not in auction.fills:
            return item
        return replace(item, fills={**item.fills, SLOTS[place]: auction.fills[name]})

    return setting.post(replace(lie, points=points))


def order_of(name: str, place: int, *, follow_signal: bool = False) -> MandateOrder:
    mandate, side, limit, quantity = days.order(name, SLOTS[place], follow_signal=follow_signal)
    return MandateOrder(mandate, Side(side), limit, quantity)


def limits(setting: Setting) -> Iterator[Claim]:
    auction = setting.known.extra_auctions["dear"]
    claims = Claims(setting, "a dear auction", by_auction(setting, 50, auction, 250_000))
    arguments = [claims.posted.statement("flat", 50), order_of("bob", 50)]
    claims.add("a buyer pays beyond the limit", "limit", "bob", arguments, 180 * 15)
    arguments = [claims.posted.statement("roof", 50), order_of("alice", 50)]
    claims.add("a seller gets more than the limit", "limit", "alice", arguments, "NothingToPay")
    yield from claims.made

    auction = setting.known.extra_auctions["cheap"]
    claims = Claims(setting, "a cheap auction", by_auction(setting, 51, auction, 95_000))
    arguments = [claims.posted.statement("roof", 51), order_of("alice", 51)]
    claims.add("a seller gets less than the limit", "limit", "alice", arguments, 180 * 15)
    yield from claims.made


def signal_limits() -> Iterator[Claim]:
    known = small().known
    posted = by_auction(small(), 52, known.extra_auctions["above the signal"], 200_000)
    claims = Claims(small(), "above the signal", posted)
    order, signal = order_of("bob", 52, follow_signal=True), posted.entry(known.signals[SLOTS[52]])
    bought = posted.statement("flat", 52)
    claims.add("a buyer pays more than the signal", "limitOfSignal", "bob", [bought, order, signal], 180 * 25)
    claims.add("without the signal it is within the limit", "limit", "bob", [bought, order], "NothingToPay")
    other = posted.entry(known.signals[SLOTS[51]])
    claims.add("another slot's signal", "limitOfSignal", "bob", [bought, order, other], "CitationWrong")
    yield from claims.made


def refused_limits() -> Iterator[Claim]:
    claims = Claims(small(), "honest")
    posted, order = claims.posted, order_of("bob", 42)
    bought = posted.statement("flat", 42)
    claims.add("a price within the limit", "limit", "bob", [bought, order], "NothingToPay")
    stricter = replace(order, limit_price=order.limit_price - 1)
    claims.add("an order with another limit", "limit", "bob", [bought, stricter], "OrderWrong")
    signal = posted.entry(posted.known.signals[SLOTS[42]])
    claims.add("a mandate that follows no signal", "limitOfSignal", "bob", [bought, order, signal], "SignalNotFollowed")
    claims.add("somebody else's order", "limit", "alice", [bought, order], "NotTheAccounts")
    yield from claims.made
