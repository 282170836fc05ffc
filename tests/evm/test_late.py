"""What should precede delivery: to the second, and to the entry."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from grid.domain.entries import DecisionKind, Mode
from tests.evm import casefile as files
from tests.evm import courts
from tests.evm.chain import Reverted
from tests.evm.world import World
from tests.vectors import recompute_day as days
from tests.vectors.recompute_day import LATE, SLOTS, ZONE
from tests.vectors.recompute_runs import Lie, Posted, post

MODES = {"auction": Mode.EX_ANTE, "signal": Mode.EX_POST}


@cache
def posted_in(kind: str, cited: int = -1, slot_price: int = 50_000) -> Posted:
    """A run whose slot LATE was sold by a late auction, or that cites another entry of the log in its place."""
    known = days.day(mode=MODES[kind])
    auction = known.extra_auctions["late"]
    index = known.signals[SLOTS[LATE]] if kind == "signal" else auction.index
    index = index if cited < 0 else cited

    def prices(place: int, item: Any) -> Any:
        if place != LATE:
            return item
        changed = replace(item, local_price=slot_price, auction_index=auction.index, price_index=None)
        return replace(changed, **{"price_index" if kind == "signal" else "auction_index": index})

    def points(name: str, item: Any) -> Any:
        fills = {**item.fills, SLOTS[LATE]: auction.fills[name]} if name in auction.fills else item.fills
        return replace(item, fills=fills)

    return post(known, Lie(prices=prices, points=points))


@pytest.fixture(scope="module")
def empty() -> World:
    return courts.empty_court()


@pytest.fixture
def court(empty: World) -> Iterator[World]:
    with files.undone(empty):
        yield empty


def limit(kind: str) -> int:
    return SLOTS[LATE] * 900 - (courts.TERMS.gate_lead if kind == "signal" else 0)


class Moved:
    """A run's log whose checkpoint 3 was anchored at another time."""

    def __init__(self, posted: Posted, at: int) -> None:
        self.known = posted.known
        self.listed = [item._replace(anchored_at=at) if item.seq == 3 else item for item in posted.checkpoints()]

    def checkpoints(self) -> list[Any]:
        return self.listed


@pytest.mark.parametrize("kind", MODES)
@pytest.mark.parametrize("seconds", [0, 1])
def test_late_by_a_second(court: World, kind: str, seconds: int) -> None:
    posted = posted_in(kind)
    moved = Moved(posted, limit(kind) + seconds)
    courts.anchor(court, moved)  # type: ignore[arg-type]
    courts.post(court, posted)
    court.chain.travel(files.NOW)
    _, _, before, first, _ = moved.checkpoints()
    call = files.tier0(court, posted, "late", "alice", posted.statement("roof", LATE), before, first)
    if seconds:
        assert files.send(call).event("Recomputed")["ground"] == 5
        return
    with pytest.raises(Reverted) as caught:
        files.send(call)
    index = int.from_bytes(posted.header(LATE).words[11 if kind == "auction" else 10], "big")
    assert (caught.value.name, caught.value.values) == ("NotLate", (index, limit(kind), limit(kind)))


def standing(world: World, posted: Posted) -> None:
    courts.anchor(world, posted)
    courts.post(world, posted)
    world.chain.travel(files.NOW)


@pytest.mark.parametrize("kind", MODES)
def test_the_first_and_the_last_entry_of_a_checkpoint(court: World, kind: str) -> None:
    """Entries from the size of the one before up to its own are a checkpoint's; those beside it are others'."""
    sizes = days.day(mode=MODES[kind]).sizes
    for cited, covered in ((sizes[2] - 1, False), (sizes[2], True), (sizes[3] - 1, True), (sizes[3], False)):
        posted = posted_in(kind, cited)
        _, _, before, first, _ = posted.checkpoints()
        with files.undone(court):
            standing(court, posted)
            call = files.tier0(court, posted, "late", "alice", posted.statement("roof", LATE), before, first)
            if covered:
                files.send(call)
                continue
            with pytest.raises(Reverted) as caught:
                files.send(call)
            values = (cited, first.anchored_at, limit(kind))
            assert (caught.value.name, caught.value.values) == ("NotLate", values)


def test_checkpoints_that_do_not_follow_each_other(court: World) -> None:
    posted = posted_in("auction")
    standing(court, posted)
    zero, early, before, first, last = posted.checkpoints()
    statement = posted.statement("roof", LATE)
    forged = before._replace(size=before.size - 1)
    for one, other in ((early, first), (first, first), (first, before), (forged, first), (before, last)):
        with pytest.raises(Reverted) as caught:
            files.send(files.tier0(court, posted, "late", "alice", statement, one, other))
        assert (caught.value.name, caught.value.values) == ("CheckpointsWrong", (one.seq, other.seq))
    with pytest.raises(Reverted) as caught:  # the first of all has none before it
        files.send(files.tier0(court, posted, "late", "alice", statement, forged, zero))
    assert caught.value.name == "NotLate"
    with pytest.raises(Reverted) as caught:
        files.send(files.tier0(court, posted, "late", "alice", statement, forged, zero._replace(size=2)))
    assert (caught.value.name, caught.value.values) == ("CheckpointsWrong", (before.seq, 0))


@cache
def odd(kind: str) -> days.Known:
    """The day with entries beside the cited ones: each wrong in one way alone."""
    known = days.day.__wrapped__(mode=MODES[kind])
    slot, elsewhere = SLOTS[LATE], days.word("another zone")
    for name, made, zone, at in (
        ("flag", DecisionKind.FLAG, ZONE, slot),
        ("hold", DecisionKind.HOLD, ZONE, slot),
        ("price elsewhere", DecisionKind.PRICE, elsewhere, slot),
        ("price of another slot", DecisionKind.PRICE, ZONE, slot + 1),
        ("right price", DecisionKind.PRICE, ZONE, slot),
        ("hold elsewhere", DecisionKind.HOLD, elsewhere, slot),
        ("hold of another slot", DecisionKind.HOLD, ZONE, slot - 1),
    ):
        known.extra[f"odd {name}"] = days.decide(known, made, at, zone=zone)
    for name, zone, at in (("elsewhere", elsewhere, slot), ("of another slot", ZONE, slot + 1), ("right", ZONE, slot)):
        known.extra[f"odd auction {name}"] = days.hold_auction(known, at, zone=zone).index
    known.extra["odd interval"] = known.intervals["flat", LATE]
    known.extra["odd binding"] = known.bindings["flat"]
    known.sizes[-1] = known.log.end
    return known


RIGHT = {"auction": "odd auction right", "signal": "odd right price"}


@pytest.mark.parametrize("kind", MODES)
def test_only_what_is_right_in_kind_zone_and_slot_is_right(court: World, kind: str) -> None:
    known = odd(kind)
    auction = known.extra_auctions["late"]
    names = [name for name in known.extra if name.startswith("odd ")]
    assert len(names) == 12
    for name in names:
        index = known.extra[name]
        changed = {"local_price": 50_000, "auction_index": auction.index, "price_index": None}
        changed["price_index" if kind == "signal" else "auction_index"] = index

        def prices(place: int, item: Any, changed: Any = changed) -> Any:
            return replace(item, **changed) if place == LATE else item

        def points(home: str, item: Any) -> Any:
            fills = {**item.fills, SLOTS[LATE]: auction.fills[home]} if home in auction.fills else item.fills
            return replace(item, fills=fills)

        posted = post(known, Lie(prices=prices, points=points))
        with files.undone(court):
            standing(court, posted)
            statement, entry = posted.statement("roof", LATE), posted.any_entry(index)
            call = files.tier0(court, posted, "falseEntry", "alice", statement, entry)
            if name != RIGHT[kind]:
                assert files.send(call).event("Recomputed")["ground"] == 5, name
                continue
            with pytest.raises(Reverted) as caught:
                files.send(call)
            assert (caught.value.name, caught.value.values) == ("EntryRight", (index,))


def test_only_a_hold_of_this_zone_and_slot_holds(court: World) -> None:
    known = odd("auction")
    auction = known.extra_auctions["late"]
    for name in [name for name in known.extra if name.startswith("odd ")]:
        index = known.extra[name]

        def line(home: str, place: int, item: Any, index: int = index) -> Any:
            if (home, place) != ("roof", LATE):
                return item
            return replace(item, hold_index=index, sold_wh=0, amount=item.amount - 30_000)

        def points(home: str, item: Any) -> Any:
            fills = {**item.fills, SLOTS[LATE]: auction.fills[home]} if home in auction.fills else item.fills
            return replace(item, fills=fills)

        def prices(place: int, item: Any) -> Any:
            cited = {"local_price": 50_000, "auction_index": auction.index}
            return replace(item, **cited) if place == LATE else item

        posted = post(known, Lie(line=line, points=points, prices=prices))
        with files.undone(court):
            standing(court, posted)
            opened = [
                posted.statement("roof", LATE), posted.entry(auction.index), posted.fill(auction, 0), [],
                [posted.any_entry(index)],
            ]  # fmt: skip
            call = files.tier0(court, posted, "trade", "alice", *opened)
            if name != "odd hold":
                assert files.send(call).event("Recomputed")["ground"] == 2, name
                continue
            with pytest.raises(Reverted) as caught:
                files.send(call)
            ends = days.DAY_END + courts.TERMS.hold_time
            assert (caught.value.name, caught.value.values) == ("HoldCounts", (index, ends))
