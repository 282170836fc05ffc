from hypothesis import given
from hypothesis import strategies as st

from grid.domain.amounts import (
    Prices,
    Quantities,
    fee_milli,
    line_amount,
    line_milli,
    local_milli,
    mismatch_quantities,
    residual_milli,
)

EURO = 1_000_000
TARIFF = Prices(local=180_000, fee=30_000, import_=300_000, export=80_000)

energies = st.builds(Quantities, *[st.integers(0, 10**7)] * 4)
any_price = st.integers(-(10**7), 10**7)
prices = st.builds(Prices, any_price, st.integers(0, 10**6), any_price, any_price)


def energy(imported=0, exported=0, bought=0, sold=0):
    return Quantities(imported, exported, bought, sold)


def test_a_kilowatt_hour_from_the_supplier_costs_30_cents():
    assert line_amount(energy(imported=1000), TARIFF) == -0.30 * EURO


def test_a_kilowatt_hour_to_the_supplier_brings_8_cents():
    assert line_amount(energy(exported=1000), TARIFF) == 0.08 * EURO


def test_a_neighbours_kilowatt_hour_costs_18_cents_and_the_fee():
    assert line_amount(energy(imported=1000, bought=1000), TARIFF) == -0.21 * EURO
    assert line_amount(energy(exported=1000, sold=1000), TARIFF) == 0.18 * EURO


def test_bought_and_not_used_goes_back_at_the_export_price():
    assert line_amount(energy(imported=600, bought=1000), TARIFF) == -210_000 + 400 * 80


def test_sold_and_not_delivered_is_bought_at_the_import_price():
    assert line_amount(energy(exported=600, sold=1000), TARIFF) == 180_000 - 400 * 300


def test_amounts_round_toward_minus_infinity():
    assert line_amount(energy(imported=1), Prices(0, 0, 1, 0)) == -1
    assert line_amount(energy(exported=1), Prices(0, 0, 0, 999)) == 0


@given(energies, prices)
def test_a_line_is_its_three_parts(quantities, rates):
    parts = local_milli(quantities, rates) - fee_milli(quantities, rates) + residual_milli(quantities, rates)
    assert line_milli(quantities, rates) == parts
    assert 0 <= parts - 1000 * line_amount(quantities, rates) < 1000


@given(energies, prices)
def test_the_formula_is_the_one_of_the_protocol(quantities, rates):
    used = quantities.imported - quantities.bought
    given_ = quantities.exported - quantities.sold
    total = quantities.sold * rates.local - quantities.bought * (rates.local + rates.fee)
    total += -used * rates.import_ if used >= 0 else -used * rates.export
    total += given_ * rates.export if given_ >= 0 else given_ * rates.import_
    assert line_milli(quantities, rates) == total


@given(st.integers(-(10**9), 10**9))
def test_the_balancing_account_stands_in_for_the_missing_side(mismatch):
    missing = mismatch_quantities(mismatch)
    assert missing.bought - missing.sold == mismatch
    assert min(missing.bought, missing.sold) == missing.imported == missing.exported == 0
