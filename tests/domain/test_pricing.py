"""Local prices against the published example, and everywhere the formula alone is undefined."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grid.domain.pricing import (
    Bounds,
    LocalPrice,
    Outlook,
    PriceRule,
    bounds,
    fixed_price,
    local_price,
    mmr_price,
    price_band,
    sdr_price,
)
from grid.domain.units import PricePerKWh, WattHours


def room(low: int, high: int) -> Bounds:
    return Bounds(PricePerKWh(low), PricePerKWh(high))


def both(sell: int, buy: int) -> LocalPrice:
    return LocalPrice(PricePerKWh(sell), PricePerKWh(buy))


def outlook(p10: int, p50: int, p90: int) -> Outlook:
    return Outlook(WattHours(p10), WattHours(p50), WattHours(p90))


# Zhou, Wu, Long 2018: 14.57 and 5.03 pence per kWh, in micro-pounds.
PAPER = room(50_300, 145_700)

prices = st.integers(-2_000_000, 2_000_000)
quantities = st.integers(0, 10**7)


def test_the_published_example_with_more_demand_than_supply():
    price = sdr_price(3_000, 4_000, PAPER)
    assert price.sell == 60_145  # 6.0145 pence
    assert price.buy == 81_535  # 8.1534 pence, rounded up; the paper prints 8.15
    assert round(price.buy / 10_000, 2) == 8.15


def test_the_published_example_with_more_supply_than_demand():
    assert sdr_price(3_000, 2_000, PAPER) == both(50_300, 50_300)


@pytest.mark.parametrize(("low", "high"), [(78_800, 183_000), (100_700, 186_800)])
def test_sdr_equals_the_formula_of_the_paper_on_its_other_tariffs(low, high):
    ratio = Fraction(3, 4)
    sell = high * low / ((high - low) * ratio + low)
    buy = sell * ratio + high * (1 - ratio)
    price = sdr_price(3_000, 4_000, room(low, high))
    assert price.sell == int(sell)
    assert price.buy == -int(-buy // 1)


@pytest.mark.parametrize(
    ("supply", "demand", "sell", "buy"),
    [(0, 500, 145_700, 145_700), (500, 0, 50_300, 50_300), (500, 500, 50_300, 50_300), (0, 0, 50_300, 145_700)],
    ids=["no supply", "no demand", "balance", "neither"],
)
def test_sdr_at_its_corners(supply, demand, sell, buy):
    assert sdr_price(supply, demand, PAPER) == both(sell, buy)


@pytest.mark.parametrize("low", [0, -40_000], ids=["zero export price", "negative export price"])
def test_sdr_is_a_straight_line_where_the_supplier_pays_nothing_or_charges(low):
    within = room(low, 100_000)
    halfway = sdr_price(500, 1_000, within)
    assert halfway.sell == (100_000 + low) // 2
    assert sdr_price(0, 1_000, within).sell == 100_000
    assert sdr_price(1_000, 1_000, within).sell == low


def test_inverted_bounds_give_what_the_supplier_pays():
    within = room(300_000, 200_000)
    for supply, demand in [(0, 0), (0, 5), (5, 0), (3, 4), (4, 3)]:
        assert sdr_price(supply, demand, within) == both(300_000, 300_000)
        assert mmr_price(supply, demand, within) == both(300_000, 300_000)
    assert fixed_price(250_000, within) == both(300_000, 300_000)


def test_the_fee_narrows_the_room_for_local_prices():
    assert bounds(300_000, 80_000, 30_000) == room(80_000, 270_000)
    assert bounds(100_000, 80_000, 30_000).inverted


def test_negative_quantities_are_refused():
    with pytest.raises(ValueError, match="must not be negative"):
        sdr_price(-1, 5, PAPER)
    with pytest.raises(ValueError, match="must not be negative"):
        mmr_price(1, -5, PAPER)


@given(supply=quantities, demand=quantities, low=prices, high=prices)
def test_sdr_and_mmr_stay_within_the_bounds_and_buyers_cover_sellers(supply, demand, low, high):
    within = room(low, high)
    for rule in (PriceRule.SDR, PriceRule.MMR):
        price = local_price(rule, supply=supply, demand=demand, within=within)
        assert low <= price.sell <= max(low, high)
        assert low <= price.buy <= max(low, high)
        if not within.inverted and supply + demand > 0:
            bought = high * max(0, demand - supply)
            sold = low * max(0, supply - demand)
            assert price.buy * demand + sold >= price.sell * supply + bought


@given(demand=st.integers(1, 10**7), supply=quantities, more=quantities, low=prices, high=prices)
def test_more_supply_never_raises_the_sdr_price(demand, supply, more, low, high):
    within = room(low, high)
    assert sdr_price(supply + more, demand, within).sell <= sdr_price(supply, demand, within).sell


def test_mid_market_rate_shares_the_rest_over_the_larger_side():
    within = room(50_000, 150_000)
    assert mmr_price(3_000, 4_000, within) == both(100_000, 112_500)
    assert mmr_price(4_000, 3_000, within) == both(87_500, 100_000)
    assert mmr_price(0, 4_000, within) == both(100_000, 150_000)
    assert mmr_price(4_000, 0, within) == both(50_000, 100_000)
    assert mmr_price(0, 0, within) == both(100_000, 100_000)


@pytest.mark.parametrize(("price", "expected"), [(90_000, 90_000), (10, 50_300), (900_000, 145_700)])
def test_a_fixed_price_is_moved_into_the_bounds(price, expected):
    assert fixed_price(price, PAPER) == both(expected, expected)
    assert local_price(PriceRule.FIXED, supply=1, demand=2, within=PAPER, fixed=price).sell == expected


@given(
    supply=st.lists(quantities, min_size=3, max_size=3).map(sorted),
    demand=st.lists(quantities, min_size=3, max_size=3).map(sorted),
)
def test_the_band_holds_the_price(supply, demand):
    band = price_band(PriceRule.SDR, supply=outlook(*supply), demand=outlook(*demand), within=PAPER)
    assert PAPER.low <= band.low <= band.price.sell <= band.high <= PAPER.high


def test_the_band_widens_with_the_uncertainty():
    sure = outlook(1_000, 1_000, 1_000)
    unsure = outlook(200, 1_000, 3_000)
    demand = outlook(2_000, 2_000, 2_000)
    narrow = price_band(PriceRule.SDR, supply=sure, demand=demand, within=PAPER)
    wide = price_band(PriceRule.SDR, supply=unsure, demand=demand, within=PAPER)
    assert narrow.low == narrow.price.sell == narrow.high
    assert wide.low == PAPER.low < wide.price.sell < wide.high
