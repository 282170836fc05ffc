"""What a firm order promises: the best quantity of all, where the forecast is believed."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grid.domain.clearing import Side
from grid.domain.orders import expected_price, expected_side, firm_quantity
from grid.domain.pricing import Outlook
from grid.domain.profile import SlotTariff

TARIFF = SlotTariff(slot=1, import_price=300_000, export_price=80_000, fee_price=30_000)
NONE = Outlook(0, 0, 0)
SUN = Outlook(200, 1_000, 1_600)


def sold(price: int, exported: Outlook = SUN, imported: Outlook = NONE, tariff: SlotTariff = TARIFF) -> int:
    return firm_quantity(Side.SELL, imported=imported, exported=exported, price=price, tariff=tariff)


def bought(price: int, imported: Outlook = SUN, exported: Outlook = NONE, tariff: SlotTariff = TARIFF) -> int:
    return firm_quantity(Side.BUY, imported=imported, exported=exported, price=price, tariff=tariff)


@pytest.mark.parametrize(
    ("imported", "exported", "side"), [(500, 200, Side.BUY), (200, 500, Side.SELL), (300, 300, None)]
)
def test_the_medians_decide_the_side(imported: int, exported: int, side: Side | None) -> None:
    assert expected_side(Outlook(0, imported, 900), Outlook(100, exported, 600)) is side


@pytest.mark.parametrize(
    ("price", "quantity"),
    [
        (80_000, 600),  # nothing to gain over the supplier: the least, half-way between P10 and P50
        (146_000, 600),  # 66 of 220: three in ten
        (168_000, 800),  # 88 of 220
        (190_000, 1_000),  # 110 of 220: an even chance
        (270_000, 1_000),  # more would pay, but be broken more often than kept
    ],
)
def test_a_seller_promises_more_the_more_the_price_is_worth_the_risk(price: int, quantity: int) -> None:
    assert sold(price) == quantity


@pytest.mark.parametrize(
    ("price", "quantity"), [(270_000, 600), (204_000, 600), (182_000, 800), (160_000, 1_000), (80_000, 1_000)]
)
def test_a_buyer_promises_more_the_cheaper_it_is_fee_included(price: int, quantity: int) -> None:
    assert bought(price) == quantity


def test_the_own_median_of_the_other_direction_is_used_or_made_first() -> None:
    assert sold(146_000, imported=Outlook(0, 250, 300)) == 350
    assert bought(204_000, exported=Outlook(0, 599, 700)) == 1
    assert bought(204_000, exported=Outlook(0, 601, 700)) == 0


def test_where_the_supplier_pays_what_it_charges_a_broken_promise_costs_nothing() -> None:
    flat = replace(TARIFF, export_price=300_000)
    assert sold(300_000, tariff=flat) == bought(300_000, tariff=flat) == 1_000


@pytest.mark.parametrize(
    ("side", "limit", "price"),
    [
        (Side.SELL, 110_000, 150_000),
        (Side.SELL, 170_000, 170_000),
        (Side.BUY, 180_000, 150_000),
        (Side.BUY, 130_000, 130_000),
    ],
)
def test_the_signal_is_counted_with_where_the_limit_allows_it(side: Side, limit: int, price: int) -> None:
    assert expected_price(side, limit=limit, signal=150_000) == price


def outcome(side: Side, firm: int, real: int, price: int) -> int:
    """What a slot brings in thousandths of a token unit, by the protocol's formula."""
    if side is Side.SELL:
        left = real - firm
        return firm * price + left * (TARIFF.export_price if left > 0 else TARIFF.import_price)
    missing = real - firm
    paid = firm * (price + TARIFF.fee_price)
    return -paid - missing * (TARIFF.import_price if missing > 0 else TARIFF.export_price)


@given(
    st.sampled_from(Side),
    st.lists(st.integers(0, 2_000), min_size=5, max_size=5).map(sorted),
    st.integers(80_000, 270_000),
)
def test_no_promise_within_the_bounds_brings_more_on_average(side: Side, quarters: list[int], price: int) -> None:
    """Where the truth is as the quantiles say, straight lines from P0 to P100 through P10, P50, P90.

    `quarters` are the values that 0, 10, 50, 90 and 100 of 100 outcomes stay below.
    """
    low, p10, p50, p90, high = quarters
    real = [
        start + (end - start) * step // count
        for start, end, count in ((low, p10, 20), (p10, p50, 80), (p50, p90, 80), (p90, high, 20))
        for step in range(count)
    ]
    ask = sold if side is Side.SELL else bought
    firm = ask(price, Outlook(p10, p50, p90))
    least = p10 + (p50 - p10) // 2
    assert least <= firm <= p50

    def mean(quantity: int) -> float:
        return sum(outcome(side, quantity, each, price) for each in real) / len(real)

    best = max(mean(quantity) for quantity in range(least, p50 + 1, max(1, (p50 - p10) // 40)))
    # The outcomes are 200 whole numbers: the quantile falls within a step of one, where a hundredth is at stake.
    step = (p50 - p10) // 80 + 2
    assert mean(firm) >= best - step * 220_000 / 100
