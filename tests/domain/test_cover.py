"""Cover bounds the debit of an order, whatever its owner delivers or uses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grid.domain.cover import buy_cover, sell_cover

prices = st.integers(-500_000, 500_000)
energy = st.integers(1, 100_000)
fees = st.integers(0, 100_000)


def test_a_buyer_covers_limit_and_fee() -> None:
    assert buy_cover(quantity=1500, limit=140_000, fee=30_000, lowest_export=80_000) == 255_000


def test_a_buyer_also_covers_a_negative_export_price() -> None:
    assert buy_cover(quantity=1000, limit=140_000, fee=30_000, lowest_export=-50_000) == 220_000


def test_a_seller_covers_buying_the_energy_back() -> None:
    assert sell_cover(quantity=2000, limit=110_000, import_price=300_000) == 600_000
    assert sell_cover(quantity=2000, limit=-10_000, import_price=300_000) == 620_000


def test_cover_is_rounded_up_and_never_negative() -> None:
    assert buy_cover(quantity=1, limit=1, fee=0, lowest_export=0) == 1
    assert buy_cover(quantity=1000, limit=-40_000, fee=0, lowest_export=0) == 0


def test_an_order_without_energy_has_no_cover() -> None:
    with pytest.raises(ValueError, match="quantity is 0 Wh"):
        sell_cover(quantity=0, limit=1, import_price=1)


def amount(*, imported: int, exported: int, bought: int, sold: int, local: int, fee: int, imp: int, exp: int) -> int:
    """PROTOCOL §2, written out again: what the slot pays, in token units."""
    import_rest, export_rest = imported - bought, exported - sold
    total = sold * local - bought * (local + fee)
    total += -import_rest * imp if import_rest >= 0 else -import_rest * exp
    total += export_rest * exp if export_rest >= 0 else export_rest * imp
    return total // 1000


@given(energy, prices, prices, fees, prices, st.data())
def test_a_buyer_who_uses_part_of_it_owes_no_more_than_the_cover_and_the_supply_beyond(
    quantity: int, limit: int, export: int, fee: int, importing: int, data: st.DataObject
) -> None:
    local = data.draw(st.integers(limit - 10**6, limit))
    used = data.draw(st.integers(0, quantity))
    net = amount(imported=used, exported=0, bought=quantity, sold=0, local=local, fee=fee, imp=importing, exp=export)
    assert -net <= buy_cover(quantity=quantity, limit=limit, fee=fee, lowest_export=export)


@given(energy, prices, prices, st.integers(0, 500_000), st.data())
def test_a_seller_who_delivers_part_of_it_owes_no_more_than_the_cover(
    quantity: int, limit: int, export: int, importing: int, data: st.DataObject
) -> None:
    local = data.draw(st.integers(limit, limit + 10**6))
    delivered = data.draw(st.integers(0, quantity))
    net = amount(imported=0, exported=delivered, bought=0, sold=quantity, local=local, fee=0, imp=importing, exp=export)
    assert -net <= sell_cover(quantity=quantity, limit=limit, import_price=importing)
