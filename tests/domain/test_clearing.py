"""The call auction: one price, most energy, most surplus, nobody beyond a limit."""

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grid.domain.clearing import Clearing, Order, Side, clear


def order(name: str, side: Side, limit: int, quantity: int, at: int = 0) -> Order:
    return Order(sha256(name.encode()).digest(), side, limit, quantity, at)


def buy(name: str, limit: int, quantity: int, at: int = 0) -> Order:
    return order(name, Side.BUY, limit, quantity, at)


def sell(name: str, limit: int, quantity: int, at: int = 0) -> Order:
    return order(name, Side.SELL, limit, quantity, at)


@st.composite
def books(draw: st.DrawFn, largest: int = 10**7, most: int = 12) -> list[Order]:
    rows = draw(
        st.lists(
            st.tuples(st.sampled_from(Side), st.integers(-6, 12), st.integers(1, largest), st.integers(0, 2)),
            max_size=most,
        )
    )
    return [order(f"order {position}", *row) for position, row in enumerate(rows)]


references = st.integers(-10, 16)


def quantities(result: Clearing) -> dict[bytes, int]:
    return {fill.order_hash: fill.quantity for fill in result.fills}


def surplus(orders: Sequence[Order], filled: dict[bytes, int]) -> int:
    """What buyers would have paid beyond what sellers asked, for the energy traded."""
    return sum(
        (item.limit if item.side is Side.BUY else -item.limit) * filled.get(item.order_hash, 0) for item in orders
    )


def best_at(orders: Sequence[Order], price: int) -> tuple[int, int]:
    """Largest volume and then surplus at one price, watt-hour by watt-hour: slow and plain."""
    buyers = sorted(
        (item.limit for item in orders if item.side is Side.BUY for _ in range(item.quantity)), reverse=True
    )
    sellers = sorted(item.limit for item in orders if item.side is Side.SELL for _ in range(item.quantity))
    volume = min(sum(limit >= price for limit in buyers), sum(limit <= price for limit in sellers))
    return volume, sum(buyers[:volume]) - sum(sellers[:volume])


def test_the_last_limits_served_bound_the_price_and_the_reference_chooses_within() -> None:
    book = [buy("a", 30, 1000), buy("b", 20, 1000), sell("c", 10, 1000), sell("d", 15, 1000)]
    assert clear(book, reference_price=12).price == 15
    assert clear(book, reference_price=17).price == 17
    assert clear(book, reference_price=26).price == 20
    assert clear(book, reference_price=17).volume == 2000


def test_a_book_that_does_not_cross_trades_nothing_at_the_reference_price() -> None:
    assert clear([buy("a", 10, 5), sell("b", 11, 5)], reference_price=7) == Clearing(7, 0, ())
    assert clear([buy("a", 10, 5)], reference_price=7) == Clearing(7, 0, ())
    assert clear([], reference_price=-3) == Clearing(-3, 0, ())


def test_equal_limits_are_served_by_time_of_acceptance_and_then_by_hash() -> None:
    late, early = buy("late", 20, 600, at=9), buy("early", 20, 600, at=3)
    result = clear([late, early, sell("s", 10, 900)], reference_price=15)
    assert quantities(result)[early.order_hash] == 600
    assert quantities(result)[late.order_hash] == 300

    twins = sorted((buy("x", 20, 600), buy("y", 20, 600)), key=lambda item: item.order_hash)
    result = clear([*reversed(twins), sell("s", 10, 900)], reference_price=15)
    assert [quantities(result)[twin.order_hash] for twin in twins] == [600, 300]


def test_a_better_limit_is_served_before_an_earlier_one() -> None:
    early, better = sell("early", 12, 500, at=1), sell("better", 11, 500, at=8)
    result = clear([early, better, buy("b", 20, 500)], reference_price=15)
    assert quantities(result) == {better.order_hash: 500, buy("b", 20, 500).order_hash: 500}


def test_orders_without_energy_and_repeated_orders_are_refused_by_hash() -> None:
    with pytest.raises(ValueError, match="quantity is 0 Wh"):
        clear([buy("a", 10, 0)], reference_price=0)
    with pytest.raises(ValueError, match="comes twice"):
        clear([buy("a", 10, 5), sell("a", 10, 5)], reference_price=0)


@given(books(), references)
def test_energy_is_conserved_and_no_order_gets_more_than_it_asked(orders: list[Order], reference: int) -> None:
    result = clear(orders, reference_price=reference)
    asked = {item.order_hash: item for item in orders}
    for side in Side:
        assert sum(fill.quantity for fill in result.fills if fill.side is side) == result.volume
    for fill in result.fills:
        assert 0 < fill.quantity <= asked[fill.order_hash].quantity
        assert fill.side is asked[fill.order_hash].side


@given(books(), references)
def test_nobody_trades_beyond_the_limit(orders: list[Order], reference: int) -> None:
    result = clear(orders, reference_price=reference)
    asked = {item.order_hash: item for item in orders}
    for fill in result.fills:
        limit = asked[fill.order_hash].limit
        assert result.price <= limit if fill.side is Side.BUY else result.price >= limit


@given(books(), references, st.randoms())
def test_the_sequence_of_orders_does_not_matter(orders: list[Order], reference: int, random: object) -> None:
    shuffled = list(orders)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert clear(shuffled, reference_price=reference) == clear(orders, reference_price=reference)


@given(books(largest=6), references)
def test_no_other_price_trades_more_or_leaves_more_surplus(orders: list[Order], reference: int) -> None:
    result = clear(orders, reference_price=reference)
    candidates = {price: best_at(orders, price) for price in {*range(-11, 18), reference}}
    best = max(candidates.values())
    assert (result.volume, surplus(orders, quantities(result))) == best
    if best[0]:
        closest = min((abs(price - reference), price) for price, value in candidates.items() if value == best)
        assert result.price == closest[1]


@given(books(largest=50), references, st.data())
def test_a_better_limit_never_lowers_the_fill(orders: list[Order], reference: int, data: st.DataObject) -> None:
    if not orders:
        return
    position = data.draw(st.integers(0, len(orders) - 1))
    chosen = orders[position]
    step = data.draw(st.integers(1, 20))
    better = replace(chosen, limit=chosen.limit + (step if chosen.side is Side.BUY else -step))
    before = quantities(clear(orders, reference_price=reference)).get(chosen.order_hash, 0)
    orders[position] = better
    assert quantities(clear(orders, reference_price=reference)).get(chosen.order_hash, 0) >= before


@given(books(), references)
def test_at_most_one_order_a_side_is_filled_in_part(orders: list[Order], reference: int) -> None:
    result = clear(orders, reference_price=reference)
    asked = {item.order_hash: item.quantity for item in orders}
    for side in Side:
        partial = [f for f in result.fills if f.side is side and f.quantity < asked[f.order_hash]]
        assert len(partial) <= 1
