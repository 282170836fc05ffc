"""A trade other than the auction's, holds, and lines that cite no trade."""

import pytest
from eth_utils import keccak
from openings import AUCTION_AT, HOLD_AT, NONE, OTHER_ID, POINT_ID, PRICE_AT, TRADE, Scenario, day_end
from world import DAY, refused


def claim(built, sender, others=(), decision=(), name=None):
    return built.world.recomputation.trade(
        built.caller(name), built.statement, built.entry(AUCTION_AT), built.opened_fill, list(others),
        list(decision), {"from": sender},
    )  # fmt: skip


HELD = {"holdIndex": HOLD_AT, "soldWh": 0}


def test_pays_the_fill(world, member):
    """700 Wh posted as sold, 800 filled: 100 Wh at 0.18 instead of 0.08."""
    built = Scenario(world, line={"soldWh": 700}).post()
    event = claim(built, member).events["Recomputed"]
    assert (event["ground"], event["amount"], event["due"]) == (TRADE, 160_000, 10_000)
    assert event["numbers"] == 800 << 96 | 10_000 << 16 | 2
    with refused("NothingToPay", 160_000, 150_000, 10_000):
        claim(built, member)


def test_pays_a_buyers_fill(world, member):
    line = {"importWh": 500, "exportWh": 0, "boughtWh": 0, "soldWh": 0}
    built = Scenario(world, line=line, fill={"side": 0, "quantityWh": 600}).post()
    event = claim(built, member).events["Recomputed"]
    assert (event["amount"], event["due"]) == (-118_000, 150_000 - 118_000)
    assert event["numbers"] >> 136 & 2**40 - 1 == 600


@pytest.mark.parametrize("fill_index", [NONE, 2, 90])
def test_a_fill_that_the_line_does_not_cite_counts_too(world, member, fill_index):
    built = Scenario(world, line={"soldWh": 0, "fillIndex": fill_index}).post()
    assert claim(built, member).events["Recomputed"]["amount"] == 160_000


OVERSOLD = {"exportWh": 0}  # sold and not made: better without the trade


@pytest.mark.parametrize("fill", [{"point": OTHER_ID}, {"orderHash": keccak(text="another order")}])
def test_a_cited_fill_of_another_point_or_order_is_no_trade(world, member, fill):
    built = Scenario(world, line={**OVERSOLD, "orderHash": keccak(text="order")}, fill=fill).post()
    event = claim(built, member).events["Recomputed"]
    assert (event["amount"], event["due"]) == (0, 96_000)


def test_a_cited_fill_outside_the_tree_is_no_trade(world, member):
    built = Scenario(world, line={**OVERSOLD, "fillIndex": 7}).post()
    words, _, proof = built.opened_fill
    tx = world.recomputation.trade(
        built.caller(), built.statement, built.entry(AUCTION_AT), (words, 7, proof), [], [], {"from": member}
    )
    assert tx.events["Recomputed"]["due"] == 96_000


def test_another_points_fill_shows_nothing_else(world, member):
    built = Scenario(world, line={"soldWh": 0, "fillIndex": 2}, fill={"point": OTHER_ID}).post()
    with refused("OfAnother", OTHER_ID, POINT_ID):
        claim(built, member)


def test_the_auction_is_the_cited_one_of_zone_and_slot(world, member):
    built = Scenario(world, line={"soldWh": 700}, header={"auctionIndex": 20}).post()
    with refused("CitationWrong", AUCTION_AT, 20):
        claim(built, member)


@pytest.mark.parametrize("change", [{"zone": OTHER_ID}, {"slot": 4}])
def test_an_auction_of_another_zone_or_slot_is_refused(world, member, change):
    built = Scenario(world, line={"soldWh": 700}, auction=change).post()
    with pytest.raises(Exception, match="OfAnother"):
        claim(built, member)


@pytest.mark.parametrize("fill", [{"side": 2}, {"quantityWh": 2**64 - 1}])
def test_a_fill_with_a_word_that_no_writer_makes_is_refused(world, member, fill):
    built = Scenario(world, line={"soldWh": 700}, fill=fill).post()
    with pytest.raises(Exception, match="WordRefused"):
        claim(built, member)


def test_a_forged_fill_is_refused(world, member):
    built = Scenario(world, line={"soldWh": 700}).post()
    built.fill["quantityWh"] = 900
    with pytest.raises(Exception, match="InclusionFailed"):
        claim(built, member)


def test_who_claims(world, delegate, other_member):
    built = Scenario(world, line={"soldWh": 700}).post()
    with refused("NoStanding", str(world.mallory), world["alice"]):
        claim(built, world.mallory)
    with refused("NotTheAccounts", world["bob"], world["alice"]):
        claim(built, other_member, name="bob")
    assert claim(built, delegate).events["Recomputed"]["due"] == 10_000


# Holds


def test_a_hold_counts_until_it_ends(world, member):
    built = Scenario(world, line=HELD).post()
    ends = day_end(built.day) + world.recomputation.holdTime()
    with refused("HoldCounts", HOLD_AT, ends):
        claim(built, member)
    world.next_at(ends - 1)
    with pytest.raises(Exception, match="WindowClosed"):
        claim(built, member)
    world.next_at(ends)
    event = claim(built, member).events["Recomputed"]
    assert (event["amount"], event["due"]) == (160_000, 80_000)


def test_an_ended_hold_has_a_whole_window(world, member):
    built = Scenario(world, line=HELD).post()
    until = day_end(built.day) + world.recomputation.holdTime() + DAY
    world.next_at(until)
    with refused("WindowClosed", until, until):
        claim(built, member)


def test_an_ended_holds_last_second_counts(world, member):
    built = Scenario(world, line=HELD).post()
    world.next_at(day_end(built.day) + world.recomputation.holdTime() + DAY - 1)
    claim(built, member)


def test_a_slot_without_a_hold_gets_no_longer_window(world, member):
    built = Scenario(world, line={"soldWh": 700}).post()
    world.next_at(day_end(built.day) + world.recomputation.holdTime())
    with pytest.raises(Exception, match="WindowClosed"):
        claim(built, member)


def test_a_hold_beyond_the_checkpoint_is_none(world, member):
    built = Scenario(world, line={"holdIndex": 50, "soldWh": 0}).post()
    assert claim(built, member).events["Recomputed"]["due"] == 80_000


@pytest.mark.parametrize(
    "entry",
    [
        ("DECISION", {"decisionKind": 3}),
        ("DECISION", {"decisionKind": 4, "zone": OTHER_ID}),
        ("DECISION", {"decisionKind": 4, "slot": 9}),
        ("TARIFF", {"day": 4}),
    ],
)
def test_a_hold_that_is_none_does_not_count(world, member, entry):
    slot, zone = 96 * (world.today - 1) + 40, world.run([])[0]
    kind, fields = entry
    if kind == "DECISION":
        fields = {"zone": zone, "slot": slot, **fields}
    built = Scenario(world, line=HELD, entries={HOLD_AT: (kind, fields)}).post()
    assert claim(built, member, decision=[built.any_entry(HOLD_AT)]).events["Recomputed"]["due"] == 80_000


def test_a_hold_that_is_one_counts(world, member):
    built = Scenario(world, line=HELD).post()
    ends = day_end(built.day) + world.recomputation.holdTime()
    with refused("HoldCounts", HOLD_AT, ends):
        claim(built, member, decision=[built.any_entry(HOLD_AT)])
    with refused("CitationWrong", PRICE_AT, HOLD_AT):
        claim(built, member, decision=[built.any_entry(PRICE_AT)])


def held_day(world, **lines):
    """Slots 3, 17 and the claimed one are held; two may be."""
    other = {"holdIndex": HOLD_AT}
    return Scenario(world, line=HELD, lines={3: dict(other), 17: dict(other), 60: dict(other)}).post()


def test_a_hold_too_many_does_not_count(world, member):
    built = held_day(world)
    others = [built.line_at(3), built.line_at(17)]
    assert claim(built, member, others).events["Recomputed"]["due"] == 80_000


@pytest.mark.parametrize(("places", "wrong"), [((17, 3), 3), ((3, 3), 3), ((3, 60), 60), ((3, 40), 40), ((3, 9), 9)])
def test_holds_too_many_are_earlier_distinct_and_held(world, member, places, wrong):
    built = held_day(world)
    with refused("HeldSlotWrong", 96 * built.day + wrong):
        claim(built, member, [built.line_at(place) for place in places])


def test_as_many_holds_as_may_be_are_not_too_many(world, member):
    built = held_day(world)
    with refused("HoldCounts", HOLD_AT, day_end(built.day) + world.recomputation.holdTime()):
        claim(built, member, [built.line_at(3)])


# No trade


@pytest.mark.parametrize(
    ("line", "header", "mode"),
    [
        ({"fillIndex": NONE}, {}, 0),
        ({"holdIndex": HOLD_AT}, {}, 0),
        ({}, {"auctionIndex": NONE}, 0),
        ({}, {"priceIndex": NONE}, 1),
    ],
)
def test_untraded_pays_a_line_without_its_trade(world, member, line, header, mode):
    built = Scenario(world, line={**OVERSOLD, **line}, header=header, mode=mode).post()
    tx = world.recomputation.untraded(built.caller(), built.statement, {"from": member})
    event = tx.events["Recomputed"]
    assert (event["ground"], event["amount"], event["due"]) == (TRADE, 0, 96_000)
    with refused("NothingToPay", 0, -96_000, 96_000):
        world.recomputation.untraded(built.caller(), built.statement, {"from": member})


def test_untraded_refuses_a_line_that_cites_all(world, member):
    built = Scenario(world, line=OVERSOLD, header={"priceIndex": NONE}).post()
    with refused("TradeCited", 4):
        world.recomputation.untraded(built.caller(), built.statement, {"from": member})
    with refused("NoStanding", str(world.mallory), world["alice"]):
        world.recomputation.untraded(built.caller(), built.statement, {"from": world.mallory})
