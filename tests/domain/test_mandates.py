"""Mandates: every field is signed, and the limits are never worse than the supplier."""

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grid.domain.clearing import Side
from grid.domain.mandates import MandateWish, order_limit
from grid.domain.profile import SlotTariff
from grid.domain.typed_data import TypedDomain

DOMAIN = TypedDomain(31337, bytes(19) + b"\x09")
WISH = MandateWish(
    account=bytes(19) + b"\x01",
    valid_from_day=20_454,
    valid_to_day=20_544,
    cap_per_day=5_000_000,
    buy_ceiling=180_000,
    sell_floor=110_000,
    follow_signal=True,
    max_buy_wh_per_day=12_500,
    max_sell_wh_per_day=8_000,
    nonce=7,
    deadline=1_800_000_000,
)
TARIFF = SlotTariff(slot=1, import_price=300_000, export_price=80_000, fee_price=30_000)


@pytest.mark.parametrize("name", [field.name for field in fields(MandateWish)])
def test_every_field_is_part_of_what_is_signed(name: str) -> None:
    value = getattr(WISH, name)
    other = bytes(20 * [5]) if name == "account" else (not value if name == "follow_signal" else value + 1)
    changed = replace(WISH, **{name: other})
    assert changed.digest(DOMAIN) != WISH.digest(DOMAIN)
    assert changed.struct_hash != WISH.struct_hash
    assert WISH.digest(DOMAIN) != WISH.digest(TypedDomain(1, DOMAIN.verifying_contract))


@pytest.mark.parametrize(
    ("side", "signal", "follow", "limit"),
    [
        (Side.BUY, 150_000, True, 150_000),
        (Side.BUY, 200_000, True, 180_000),
        (Side.BUY, 150_000, False, 180_000),
        (Side.SELL, 150_000, True, 150_000),
        (Side.SELL, 90_000, True, 110_000),
        (Side.SELL, 150_000, False, 110_000),
    ],
)
def test_following_keeps_to_the_signal_within_ceiling_and_floor(
    side: Side, signal: int, follow: bool, limit: int
) -> None:
    assert order_limit(replace(WISH, follow_signal=follow), side, signal=signal, tariff=TARIFF) == limit


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.booleans(), st.integers(-(10**5), 10**6))
def test_no_limit_is_worse_than_the_supplier_or_than_the_mandate(
    ceiling: int, floor: int, follow: bool, signal: int
) -> None:
    wish = replace(WISH, buy_ceiling=ceiling, sell_floor=floor, follow_signal=follow)
    buy = order_limit(wish, Side.BUY, signal=signal, tariff=TARIFF)
    sell = order_limit(wish, Side.SELL, signal=signal, tariff=TARIFF)
    assert buy + TARIFF.fee_price <= TARIFF.import_price
    assert buy <= ceiling
    assert sell >= TARIFF.export_price
    assert sell >= floor
