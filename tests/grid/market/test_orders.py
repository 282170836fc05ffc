"""Orders from mandates: side, quantity, limit and cover; and why a point has none."""

import pytest

from grid.chain.models import ChainTx, ChainTxState
from grid.domain.entries import mandate_order_hash
from grid.market.models import Order, Side, Skip, SkipCode
from grid.market.queries.inputs import signals_at_gate
from grid.market.services import mandates, orders
from tests.grid.street import FIRST, Home, Street, at_slot

SLOT = FIRST + 40
GATE = at_slot(SLOT - 4)


def generate(street: Street, *slots: int) -> list[Order]:
    signals = signals_at_gate(street.zone, slots or (SLOT,), lead=4)
    return orders.generate_from_mandates(zone=street.zone, signals=signals, now=GATE)


def only_skip(street: Street, home: Home) -> str:
    return Skip.objects.get(point=home.point, slot=SLOT).code


@pytest.fixture
def open_street(street: Street) -> Street:
    """Alice has energy to spare, Bob and Carol need some, the local price is 0.15."""
    street.signal([SLOT, SLOT + 1], 150_000)
    for home, net in ((street.alice, -900), (street.bob, 400), (street.carol, 700)):
        street.forecast(home, {SLOT: net, SLOT + 1: net})
    return street


def test_expected_surplus_is_offered_and_expected_need_is_asked_at_the_local_price(open_street: Street) -> None:
    for home in open_street.homes:
        open_street.register(home)
    made = {order.account_id: order for order in generate(open_street)}
    alice, bob = made[open_street.alice.account.pk], made[open_street.bob.account.pk]
    assert (alice.side, alice.quantity_wh, alice.limit_price) == (Side.SELL, 900, 150_000)
    assert (bob.side, bob.quantity_wh, bob.limit_price) == (Side.BUY, 400, 150_000)
    # A seller covers buying back at 0.30, a buyer 0.15 and the fee of 0.03.
    assert (alice.cover, bob.cover) == (270_000, 72_000)
    assert bytes(bob.order_hash) == mandate_order_hash(
        mandate=open_street.wish(open_street.bob).struct_hash,
        point=open_street.bob.point.word,
        slot=SLOT,
        side=0,
        limit_price=150_000,
        quantity_wh=400,
    )


def test_a_repeat_makes_nothing_new(open_street: Street) -> None:
    open_street.register(open_street.bob)
    open_street.register(open_street.alice, max_sell_wh_per_day=0)
    assert len(generate(open_street)) == 1
    assert generate(open_street) == []
    assert (Order.objects.count(), Skip.objects.count()) == (1, 1)


def test_a_mandate_with_fixed_limits_does_not_follow(open_street: Street) -> None:
    open_street.register(open_street.bob, follow_signal=False, buy_ceiling=200_000)
    open_street.register(open_street.alice, sell_floor=180_000)
    assert {order.limit_price for order in generate(open_street)} == {200_000, 180_000}


def test_the_energy_of_the_day_is_a_limit_over_slots(open_street: Street) -> None:
    open_street.register(open_street.carol, max_buy_wh_per_day=1_000)
    made = generate(open_street, SLOT, SLOT + 1)
    assert [order.quantity_wh for order in made] == [700, 300]
    open_street.forecast(open_street.carol, {SLOT + 2: 50}, cutoff=GATE)
    open_street.signal([SLOT + 2], 150_000)
    assert generate(open_street, SLOT + 2) == []
    assert Skip.objects.get(slot=SLOT + 2).code == SkipCode.DAY_QUANTITY_USED


def test_no_order_is_larger_than_the_cap_of_the_day_covers(open_street: Street) -> None:
    # 0.18 per kWh: 100,000 units cover 555 Wh, and nothing is left for the next slot.
    open_street.register(open_street.carol, cap_per_day=100_000)
    (order,) = generate(open_street)
    assert (order.quantity_wh, order.cover) == (555, 99_900)
    assert generate(open_street, SLOT + 1) == []
    assert Skip.objects.get(slot=SLOT + 1).code == SkipCode.CAP_USED


def test_no_order_is_larger_than_the_balance_covers(open_street: Street) -> None:
    open_street.chain.free[open_street.carol.account.address] = 18_000
    open_street.register(open_street.carol)
    (order,) = generate(open_street)
    assert (order.quantity_wh, order.cover) == (100, 18_000)
    open_street.forecast(open_street.carol, {SLOT + 1: 10}, cutoff=GATE)
    assert generate(open_street, SLOT + 1) == []
    assert Skip.objects.get(slot=SLOT + 1).code == SkipCode.NO_BALANCE


def test_cover_is_free_again_once_the_day_is_posted(open_street: Street) -> None:
    open_street.chain.free[open_street.carol.account.address] = 18_000
    open_street.register(open_street.carol, valid_from_day=FIRST // 96 - 1)
    generate(open_street)
    zone = "0x" + open_street.zone.word.hex()
    open_street.chain.emit("Settlement", "RunPosted", zone=zone, day=FIRST // 96, sequence=0)
    tomorrow = SLOT + 96
    open_street.signal([tomorrow], 150_000)
    open_street.forecast(open_street.carol, {tomorrow: 700}, cutoff=GATE)
    (order,) = generate(open_street, tomorrow)
    assert order.quantity_wh == 100


@pytest.mark.parametrize(
    ("net", "changes", "code"),
    [
        (0, {}, SkipCode.BALANCED),
        (None, {}, SkipCode.NO_FORECAST),
        (-300, {"max_sell_wh_per_day": 0}, SkipCode.SIDE_NOT_WANTED),
        (300, {"max_buy_wh_per_day": 0}, SkipCode.SIDE_NOT_WANTED),
    ],
)
def test_a_point_without_an_order_is_told_why(
    street: Street, net: int | None, changes: dict[str, int], code: SkipCode
) -> None:
    street.signal([SLOT], 150_000)
    street.register(street.alice, **changes)
    if net is not None:
        street.forecast(street.alice, {SLOT: net})
    assert generate(street) == []
    assert only_skip(street, street.alice) == code


def test_a_forecast_that_is_finished_after_the_gate_does_not_exist_yet(street: Street) -> None:
    street.signal([SLOT], 150_000)
    street.register(street.bob)
    street.forecast(street.bob, {SLOT: 500}, at=at_slot(SLOT - 3))
    assert generate(street) == []
    assert only_skip(street, street.bob) == SkipCode.NO_FORECAST


def test_the_newest_forecast_counts(street: Street) -> None:
    street.signal([SLOT], 150_000)
    street.register(street.bob)
    street.forecast(street.bob, {SLOT: 500})
    street.forecast(street.bob, {SLOT: 200}, at=at_slot(SLOT - 20))
    (order,) = generate(street)
    assert order.quantity_wh == 200


def test_a_mandate_that_is_not_on_chain_yet_trades_nothing(open_street: Street) -> None:
    mandate = open_street.register(open_street.bob)
    ChainTx.objects.filter(mandate=mandate).update(state=ChainTxState.SENT)
    assert generate(open_street) == []
    assert only_skip(open_street, open_street.bob) == SkipCode.MANDATE_NOT_REGISTERED


def test_a_paused_mandate_trades_up_to_its_last_open_gate(open_street: Street) -> None:
    mandate = open_street.register(open_street.bob)
    mandates.pause(mandate=mandate, by=open_street.bob.user, now=at_slot(SLOT - 4, 60))
    assert [order.slot for order in generate(open_street, SLOT, SLOT + 1)] == [SLOT]


def test_points_without_a_mandate_are_neither_ordered_for_nor_told_anything(open_street: Street) -> None:
    open_street.register(open_street.bob)
    generate(open_street)
    assert set(Order.objects.values_list("account__label", flat=True)) == {"bob"}
    assert not Skip.objects.exists()


def test_without_a_price_signal_there_are_no_orders(street: Street) -> None:
    street.register(street.bob)
    street.forecast(street.bob, {SLOT: 500})
    assert generate(street) == []
    assert not Skip.objects.exists()
