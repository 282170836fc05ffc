"""Claims on the grounds TRADE and VOID, and beside them those of PRICE and LIMIT, in the vectors' order.

Payments follow from the story, not from the model.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from grid.domain.lines import Line
from grid.domain.statements import LocalFill, PointDay
from tests.vectors import recompute_day as days
from tests.vectors.recompute_claims_prices import (
    at_place,
    by_auction,
    header_prices,
    limits,
    other_prices,
    refused_limits,
    refused_prices,
    signal_limits,
)
from tests.vectors.recompute_day import DAY_END, HELD, LATE, SLOTS
from tests.vectors.recompute_runs import Lie, Posted, with_fill
from tests.vectors.recompute_setting import Claim, Claims, Setting, deep, shared, small

HOLD_END = DAY_END + 3 * 86_400


def claims() -> Iterator[Claim]:
    for setting in (small(), deep()):
        yield from _fills(setting)
        yield from header_prices(setting)
        yield from limits(setting)
        yield from _late_auction(setting)
    yield from _no_fills()
    yield from _holds()
    yield from _third_hold()
    yield from _false_holds()
    yield from _refused_trades()
    yield from other_prices()
    yield from refused_prices()
    yield from signal_limits()
    yield from refused_limits()
    yield from _sharing()
    yield from _false_entries()
    yield from _refused_voids()


def _fills(setting: Setting) -> Iterator[Claim]:
    auction = setting.known.auctions[SLOTS[42]]
    fill = auction.fills["roof"]
    claims = Claims(setting, "roof 42 sold less", setting.post(with_fill("roof", 42, fill._replace(sold_wh=100))))
    posted = claims.posted
    arguments = [posted.statement("roof", 42), posted.entry(auction.index), posted.fill(auction, 0)]
    claims.add("a line that sold less than its fill", "trade", "alice", arguments, 80 * 100)
    yield from claims.made

    claims = Claims(setting, "flat 43 without its fill", setting.post(with_fill("flat", 43, None)))
    posted, auction = claims.posted, setting.known.auctions[SLOTS[43]]
    arguments = [posted.statement("flat", 43), posted.entry(auction.index), posted.fill(auction, 1)]
    claims.add("a fill that the line leaves out", "trade", "bob", arguments, 180 * 90)
    yield from claims.made


def _no_fills() -> Iterator[Claim]:
    """Bob is said to have bought far more than he used, which goes back at the export price."""
    auction = small().known.auctions[SLOTS[47]]
    own = auction.fills["flat"].order_hash
    for case, fill, place in (
        ("the cited fill is a stranger's", LocalFill(own, 3, 900, 0), 3),
        ("the cited fill is another order's", LocalFill(bytes(32), 1, 900, 0), 1),
        ("the cited fill stands outside the tree", LocalFill(own, 9, 900, 0), 9),
    ):
        claims = Claims(small(), f"flat 47: {case}", small().post(with_fill("flat", 47, fill)))
        posted = claims.posted
        opened = posted.fill(auction, min(place, 3))
        arguments = [posted.statement("flat", 47), posted.entry(auction.index), opened._replace(position=place)]
        claims.add(case, "trade", "bob", arguments, small().lacks_alone(posted, "flat", 47))
        yield from claims.made

    lie, dear = with_fill("flat", 60, LocalFill(own, 1, 900, 0)), at_place(60, local_price=days.LOCAL).prices

    def uncited(name: str, place: int, line: Line) -> Line:
        return replace(line, fill_index=None) if (name, place) == ("flat", 60) else line

    claims = Claims(small(), "flat 60 uncited", small().post(replace(lie, line=uncited, prices=dear)))
    due = small().lacks_alone(claims.posted, "flat", 60)
    claims.add("a trade that cites nothing", "untraded", "bob", [claims.posted.statement("flat", 60)], due)
    yield from claims.made


def _held(posted: Posted, place: int) -> list[Any]:
    auction = posted.known.auctions[SLOTS[place]]
    return [posted.statement("roof", place), posted.entry(auction.index), posted.fill(auction, 0)]


def _holds() -> Iterator[Claim]:
    for setting in (small(), deep()):
        claims = Claims(setting, "honest")
        posted, due = claims.posted, 180 * 100
        claims.add("a hold that has ended", "endedHold", "alice", [*_held(posted, 44), []], due, HOLD_END)
        yield from claims.made
    claims = Claims(small(), "honest")
    posted = claims.posted
    first, second = (posted.line("roof", place) for place in HELD)
    end = HOLD_END + 86_400
    claims.add("a hold that ended long ago", "endedHold", "alice", [*_held(posted, 44), []], "WindowClosed", end)
    claims.add("the last second of an ended hold", "endedHold", "alice", [*_held(posted, 44), []], 180 * 100, end - 1)
    claims.add("a hold that counts", "endedHold", "alice", [*_held(posted, 44), []], "HoldCounts")
    claims.add("one hold of two", "endedHold", "alice", [*_held(posted, 45), [first]], "HoldCounts")
    claims.add("holds that come later", "endedHold", "alice", [*_held(posted, 44), [first, second]], "HeldSlotWrong")
    claims.add("the fill of a held slot", "trade", "alice", _held(posted, 44), "HoldCounts")
    claims.add("a slot that is not held", "endedHold", "alice", [*_held(posted, 42), []], "NothingToPay")
    hold = posted.any_entry(posted.known.holds[SLOTS[44]])
    claims.add("a hold as it should be", "falseHold", "alice", [*_held(posted, 44), hold], "HoldCounts")
    other = posted.any_entry(posted.known.holds[SLOTS[45]])
    claims.add("another slot's hold", "falseHold", "alice", [*_held(posted, 44), other], "CitationWrong")
    yield from claims.made


def _hold(place: int, index: int) -> Lie:
    """The honest run with one more hold of the roof."""

    def points(name: str, item: PointDay) -> PointDay:
        return replace(item, holds={**item.holds, SLOTS[place]: index}) if name == "roof" else item

    return Lie(points=points)


def _third_hold() -> Iterator[Claim]:
    for setting in (small(), deep()):
        posted = setting.post(_hold(46, setting.known.extra["third hold"]))
        claims = Claims(setting, "three holds", posted)
        others = [posted.line("roof", place) for place in HELD]
        claims.add("one hold too many", "endedHold", "alice", [*_held(posted, 46), others], 180 * 100)
        if setting is small():
            claims.add("holds in disorder", "endedHold", "alice", [*_held(posted, 46), others[::-1]], "HeldSlotWrong")
            claims.add("one hold twice", "endedHold", "alice", [*_held(posted, 46), others[:1] * 2], "HeldSlotWrong")
            free = [others[0], posted.line("roof", 43)][::-1]
            claims.add("a slot that is free", "endedHold", "alice", [*_held(posted, 46), free], "HeldSlotWrong")
        yield from claims.made


def _false_holds() -> Iterator[Claim]:
    known = small().known
    for setting, case, cited in (
        (small(), "a flag", known.extra["flag"]),
        (deep(), "a flag", deep().known.extra["flag"]),
        (small(), "another slot's hold", known.holds[SLOTS[44]]),
        (small(), "a tariff", known.tariff),
    ):
        claims = Claims(setting, f"roof 48 held by {case}", setting.post(_hold(48, cited)))
        posted = claims.posted
        arguments = [*_held(posted, 48), posted.any_entry(cited)]
        claims.add(f"{case} cited as a hold", "falseHold", "alice", arguments, 180 * 100)
        yield from claims.made
    claims = Claims(small(), "roof 48 held beyond", small().post(_hold(48, known.extra["beyond"])))
    arguments = [*_held(claims.posted, 48), []]
    claims.add("a hold outside the checkpoint", "endedHold", "alice", arguments, 180 * 100)
    yield from claims.made


def _refused_trades() -> Iterator[Claim]:
    known = small().known
    claims = Claims(small(), "honest")
    posted, auction, other = claims.posted, known.auctions[SLOTS[42]], known.auctions[SLOTS[43]]
    head = [posted.statement("roof", 42), posted.entry(auction.index)]
    claims.add("the fill of an honest line", "trade", "alice", [*head, posted.fill(auction, 0)], "NothingToPay")
    claims.add("a stranger's fill", "trade", "alice", [*head, posted.fill(auction, 2)], "OfAnother")
    claims.add("a fill at another place", "trade", "alice",
               [*head, posted.fill(auction, 0)._replace(position=1)], "InclusionFailed")  # fmt: skip
    arguments = [head[0], posted.entry(other.index), posted.fill(other, 0)]
    claims.add("another slot's auction", "trade", "alice", arguments, "CitationWrong")
    claims.add("a trade that is cited", "untraded", "alice", [head[0]], "TradeCited")
    claims.add("somebody else's trade", "trade", "bob", [*head, posted.fill(auction, 1)], "NotTheAccounts")
    yield from claims.made


def _late_auction(setting: Setting) -> Iterator[Claim]:
    auction = setting.known.extra_auctions["late"]
    claims = Claims(setting, "a late auction", by_auction(setting, LATE, auction))
    posted = claims.posted
    _, early, before, first, last = posted.checkpoints()
    sold = posted.statement("roof", LATE)
    due = setting.lacks_alone(posted, "roof", LATE)
    claims.add("an auction after delivery began", "late", "alice", [sold, before, first], due)
    if setting is small():
        claims.add("checkpoints with one between", "late", "alice", [sold, early, first], "CheckpointsWrong")
        claims.add("checkpoints after the auction's", "late", "alice", [sold, first, last], "NotLate")
        claims.add("checkpoints before the auction's", "late", "alice", [sold, early, before], "NotLate")
        moved = first._replace(anchored_at=first.anchored_at + 60)
        claims.add("a covering checkpoint at another time", "late", "alice", [sold, before, moved], "CheckpointsWrong")
    yield from claims.made


def _false_entries() -> Iterator[Claim]:
    known = small().known
    odd = known.extra_auctions["another zone"]
    claims = Claims(small(), "another zone's auction at 53", by_auction(small(), 53, odd))
    posted = claims.posted
    arguments = [posted.statement("roof", 53), posted.any_entry(odd.index)]
    due = small().lacks_alone(posted, "roof", 53)
    claims.add("another zone's auction is cited", "falseEntry", "alice", arguments, due)
    yield from claims.made

    lie = at_place(54, local_price=50_000, auction_index=known.tariff)
    claims = Claims(small(), "a tariff as auction at 54", small().post(lie))
    posted = claims.posted
    arguments = [posted.statement("roof", 54), posted.any_entry(known.tariff)]
    due = small().lacks_alone(posted, "roof", 54)
    claims.add("a tariff is cited as auction", "falseEntry", "alice", arguments, due)
    yield from claims.made


def _refused_voids() -> Iterator[Claim]:
    known = small().known
    claims = Claims(small(), "honest")
    posted = claims.posted
    _, early, before, first, _ = posted.checkpoints()
    sold = posted.statement("roof", 42)
    claims.add("an auction in time", "late", "alice", [sold, early, before], "NotLate")
    claims.add("a slot without an auction", "late", "alice", [posted.statement("roof", 10), before, first],
               "NotLate")  # fmt: skip
    auction = posted.any_entry(known.auctions[SLOTS[42]].index)
    claims.add("an auction as it should be", "falseEntry", "alice", [sold, auction], "EntryRight")
    signal = posted.any_entry(known.signals[SLOTS[42]])
    claims.add("a signal in ex_ante is no auction", "falseEntry", "alice", [sold, signal], "CitationWrong")
    yield from claims.made


def _sharing() -> Iterator[Claim]:
    """Energy sharing: the local price is the signal's, and the signal precedes the gate."""
    setting = shared()
    known = setting.known
    claims = Claims(setting, "local price too low at 42", setting.post(at_place(42, local_price=170_000)))
    posted = claims.posted
    signal = posted.entry(known.signals[SLOTS[42]])
    arguments = [posted.statement("roof", 42), signal]
    claims.add("a seller gets less than the signal's price", "localPrice", "alice", arguments, 180 * 10)
    auction = posted.entry(known.auctions[SLOTS[42]].index)
    arguments = [posted.statement("roof", 42), auction]
    claims.add("an auction's price in ex_post", "localPrice", "alice", arguments, "CitationWrong")
    yield from claims.made

    auction, late = known.extra_auctions["late"], known.signals[SLOTS[LATE]]
    lie = at_place(LATE, local_price=50_000, auction_index=auction.index, price_index=late)

    def points(name: str, item: PointDay) -> PointDay:
        fills = {**item.fills, SLOTS[LATE]: auction.fills[name]} if name in auction.fills else item.fills
        return replace(item, fills=fills)

    claims = Claims(setting, "a late signal", setting.post(replace(lie, points=points)))
    posted = claims.posted
    _, _, before, first, _ = posted.checkpoints()
    due = setting.lacks_alone(posted, "roof", LATE)
    arguments = [posted.statement("roof", LATE), before, first]
    claims.add("a signal after the gate", "late", "alice", arguments, due)
    yield from claims.made
