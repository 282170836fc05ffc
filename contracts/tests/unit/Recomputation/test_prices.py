"""Prices other than AUCTION, DECISION or TARIFF say (localPrice, tariffPrices), and prices beyond a limit (limit)."""

import pytest
from openings import (
    AUCTION_AT,
    INTERVAL_AT,
    LIMIT,
    NEXT_AT,
    OTHER_ID,
    PRICE,
    PRICE_AT,
    TARIFF_AT,
    Scenario,
    order_words,
)
from world import refused

I64 = 2**63 - 1


def local(built, sender, at=AUCTION_AT):
    return built.world.recomputation.localPrice(built.caller(), built.statement, built.entry(at), {"from": sender})


def test_the_auctions_price_in_ex_ante(world, member):
    built = Scenario(world, header={"localPrice": 170_000}).post()
    event = local(built, member).events["Recomputed"]
    assert (event["ground"], event["amount"], event["due"]) == (PRICE, 160_000, 8_000)
    assert (event["numbers"] & 0xFFFF, event["prices"]) == (4, 180_000 << 192)
    with refused("NothingToPay", 160_000, 152_000, 8_000):
        local(built, member)


def test_the_decisions_value_in_ex_post(world, member):
    built = Scenario(world, mode=1, header={"localPrice": 170_000}, auction={"price": 999_000}).post()
    assert local(built, member, PRICE_AT).events["Recomputed"]["due"] == 8_000


def test_each_mode_has_its_own_source(world, member):
    built = Scenario(world, mode=0, header={"localPrice": 170_000}).post()
    with refused("CitationWrong", PRICE_AT, AUCTION_AT):
        local(built, member, PRICE_AT)


def test_an_auction_does_not_pose_as_a_decision(world, member):
    built = Scenario(world, mode=1, header={"localPrice": 170_000, "priceIndex": AUCTION_AT}).post()
    with pytest.raises(Exception, match="OfAnother"):
        local(built, member)


@pytest.mark.parametrize(
    ("mode", "changes"),
    [
        (0, {"auction": {"zone": OTHER_ID}}),
        (0, {"auction": {"slot": 3}}),
        (1, {"decision": {"zone": OTHER_ID}}),
        (1, {"decision": {"slot": 3}}),
        (1, {"decision": {"decisionKind": 1}}),
    ],
)
def test_a_source_of_another_zone_slot_or_kind_is_refused(world, member, mode, changes):
    built = Scenario(world, mode=mode, header={"localPrice": 170_000}, **changes).post()
    with pytest.raises(Exception, match="OfAnother"):
        local(built, member, AUCTION_AT if mode == 0 else PRICE_AT)


@pytest.mark.parametrize("price", [I64, -I64 - 1])
def test_a_price_of_64_bits_is_kept_as_it_is(world, member, price):
    """A negative local price helps who buys."""
    line = {"soldWh": 800} if price > 0 else {"importWh": 10, "exportWh": 0, "boughtWh": 10, "soldWh": 0}
    built = Scenario(world, line=line, auction={"price": price}, header={"localPrice": 0}).post()
    event = local(built, member).events["Recomputed"]
    assert event["prices"] >> 192 == price % 2**64
    with pytest.raises(Exception, match="NothingToPay"):
        world.recomputation.arithmetic(built.caller(), built.statement, {"from": member})


@pytest.mark.parametrize("price", [I64 + 1, 2**95 - 1])
def test_a_larger_price_is_refused(world, member, price):
    built = Scenario(world, auction={"price": price}).post()
    with refused("FactTooLarge", price):
        local(built, member)


# Tariff


def tariff(built, sender, *cited):
    opened = [built.any_entry(at) for at in cited]
    return built.world.recomputation.tariffPrices(
        built.caller(), built.statement, built.entry(TARIFF_AT), built.opened_tariff_slot, opened, {"from": sender}
    )


@pytest.mark.parametrize(
    ("header", "line", "due"),
    [
        ({"exportPrice": 70_000}, {}, 2_000),
        ({"importPrice": 310_000}, {"importWh": 900, "exportWh": 0, "boughtWh": 200, "soldWh": 0}, 7_000),
        ({"feePrice": 40_000}, {"importWh": 900, "exportWh": 0, "boughtWh": 200, "soldWh": 0}, 2_000),
    ],
)
def test_the_tariffs_prices(world, member, header, line, due):
    built = Scenario(world, header=header, line=line).post()
    event = tariff(built, member).events["Recomputed"]
    assert (event["ground"], event["due"], event["numbers"] & 0xFFFF) == (PRICE, due, 8)
    assert event["prices"] == 30_000 << 128 | 300_000 << 64 | 80_000
    with pytest.raises(Exception, match="NothingToPay"):
        tariff(built, member)


def test_tariff_and_local_price_are_kept_side_by_side(world, member):
    built = Scenario(world, header={"exportPrice": 70_000, "localPrice": 170_000}).post()
    tariff(built, member)
    event = local(built, member).events["Recomputed"]
    assert event["prices"] == 180_000 << 192 | 30_000 << 128 | 300_000 << 64 | 80_000
    assert world.escrow.remedyOf(built.run_key, world["alice"]) == 10_000


def test_a_negative_tariff_price_is_kept_with_its_sign(world, member):
    built = Scenario(world, header={"exportPrice": -90_000}, tariff_slot={"exportPrice": -80_000}).post()
    assert tariff(built, member).events["Recomputed"]["due"] == 2_000
    assert local_again(built, member) == "NothingToPay"


def local_again(built, member) -> str:
    """What the next claim of the slot meets."""
    with pytest.raises(Exception) as caught:  # noqa: PT011
        local(built, member)
    return str(caught.value).split("revert: ")[-1].split(":")[0]


@pytest.mark.parametrize(
    "changes",
    [{"tariff": {"zone": OTHER_ID}}, {"tariff": {"day": 3}}, {"tariff_slot": {"slot": 3}}],
)
def test_a_tariff_of_another_zone_day_or_slot_is_refused(world, member, changes):
    built = Scenario(world, header={"exportPrice": 70_000}, **changes).post()
    with pytest.raises(Exception, match="OfAnother"):
        tariff(built, member)


def test_the_tariff_is_the_cited_one(world, member):
    built = Scenario(world, header={"exportPrice": 70_000, "tariffIndex": 9}).post()
    with refused("CitationWrong", TARIFF_AT, 9):
        tariff(built, member)


@pytest.mark.parametrize("at", [AUCTION_AT, NEXT_AT])
def test_the_cited_entry_is_no_tariff_of_zone_and_day(world, member, at):
    """Whatever the header cites in its place, a TARIFF of zone and day gives the prices."""
    stranger = {NEXT_AT: ("TARIFF", {"zone": OTHER_ID, "day": world.today - 1})}
    built = Scenario(world, header={"exportPrice": 70_000, "tariffIndex": at}, entries=stranger).post()
    event = tariff(built, member, at).events["Recomputed"]
    assert (event["ground"], event["due"]) == (PRICE, 2_000)


def test_the_cited_entry_is_opened_as_it_is(world, member):
    built = Scenario(world, header={"exportPrice": 70_000, "tariffIndex": AUCTION_AT}).post()
    with refused("CitationWrong", INTERVAL_AT, AUCTION_AT):
        tariff(built, member, INTERVAL_AT)


def test_a_cited_tariff_of_zone_and_day_is_right(world, member):
    built = Scenario(world, header={"exportPrice": 70_000}).post()
    with refused("EntryRight", TARIFF_AT):
        tariff(built, member, TARIFF_AT)


def test_a_strangers_claims_are_refused(world):
    built = Scenario(world, header={"exportPrice": 70_000, "localPrice": 170_000}).post()
    for claim in (tariff, local):
        with refused("NoStanding", str(world.mallory), world["alice"]):
            claim(built, world.mallory)


# Limits


def limited(world, *, buys=False, local_price=120_000, signal=180_000, mandate=None, **changes):
    """Alice's slot, sold or bought on an order made from a mandate."""
    slot = 96 * (world.today - 1) + 40
    order_hash, order = order_words(world, "alice", slot, sells=not buys, **(mandate or {}))
    line = {"importWh": 500, "exportWh": 0, "boughtWh": 500, "soldWh": 0} if buys else {}
    built = Scenario(
        world, line=line, header={"localPrice": local_price}, fill={"orderHash": order_hash},
        decision={"value": signal}, **changes,
    ).post()  # fmt: skip
    built.order = order
    return built


def limit(built, sender, signal=False, order=None):
    return built.world.recomputation.limit(
        built.caller(), built.statement, order or built.order, [built.entry(PRICE_AT)] if signal else [],
        {"from": sender},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("mandate", "signal", "effective"),
    [
        ({"limitPrice": 150_000, "sellFloor": 110_000}, False, 150_000),
        ({"limitPrice": 150_000, "sellFloor": 160_000}, False, 160_000),
        ({"limitPrice": 150_000, "sellFloor": 110_000}, True, 180_000),
        ({"limitPrice": 190_000, "sellFloor": 110_000}, True, 190_000),
        ({"limitPrice": -5, "sellFloor": 130_000}, False, 130_000),
    ],
)
def test_a_seller_gets_at_least_the_strictest_limit(world, member, mandate, signal, effective):
    built = limited(world, mandate=mandate)
    event = limit(built, member, signal).events["Recomputed"]
    assert (event["ground"], event["due"]) == (LIMIT, 800 * (effective - 120_000) // 1_000)
    assert event["prices"] == effective << 192
    with pytest.raises(Exception, match="NothingToPay"):
        limit(built, member, signal)


@pytest.mark.parametrize(
    ("mandate", "signal", "effective"),
    [
        ({"limitPrice": 200_000, "buyCeiling": 250_000}, False, 200_000),
        ({"limitPrice": 240_000, "buyCeiling": 210_000}, False, 210_000),
        ({"limitPrice": 200_000, "buyCeiling": 250_000}, True, 180_000),
        ({"limitPrice": -200_000, "buyCeiling": 250_000}, False, -200_000),
    ],
)
def test_a_buyer_pays_at_most_the_strictest_limit_and_the_fee(world, member, mandate, signal, effective):
    built = limited(world, buys=True, local_price=260_000, mandate=mandate)
    event = limit(built, member, signal).events["Recomputed"]
    assert event["due"] == 500 * (260_000 - effective) // 1_000
    assert event["amount"] == -500 * (effective + 30_000) // 1_000


def test_a_price_within_the_limit_is_owed_nothing(world, member):
    built = limited(world, local_price=160_000)
    with refused("NothingToPay", 144_000, 144_000, 0):
        limit(built, member)


@pytest.mark.parametrize("field", range(13))
def test_every_field_of_the_order_is_hashed(world, member, field):
    built = limited(world)
    order = list(built.order)
    order[field] = not order[field] if isinstance(order[field], bool) else order[field] + 1
    with pytest.raises(Exception, match="OrderWrong"):
        limit(built, member, order=tuple(order))


def test_a_mandate_that_does_not_follow_the_signal_has_none(world, member):
    built = limited(world, mandate={"followSignal": False})
    with refused("SignalNotFollowed"):
        limit(built, member, signal=True)


def test_the_signal_is_the_cited_price(world, member):
    built = limited(world)
    arguments = built.caller(), built.statement, built.order, [built.entry(AUCTION_AT)], {"from": member}
    with refused("CitationWrong", AUCTION_AT, PRICE_AT):
        world.recomputation.limit(*arguments)


def test_another_accounts_mandate_is_not_the_lines(world, other_member):
    built = limited(world)
    with refused("NotTheAccounts", world["bob"], world["alice"]):
        world.recomputation.limit(built.caller("bob"), built.statement, built.order, [], {"from": other_member})
    with refused("NoStanding", str(world.mallory), world["alice"]):
        limit(built, world.mallory)
