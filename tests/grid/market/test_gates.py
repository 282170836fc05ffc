"""Gates and auctions: due slots are cleared once, at one price, and written into the log."""

import pytest
from django.db import Error, connection, transaction

from grid.domain import merkle
from grid.domain.entries import EntryKind
from grid.market.models import Auction, Fill, Order, OrderState
from grid.market.queries.inputs import signals_at_gate
from grid.market.services import auctions, gates
from grid.records import queries as records
from grid.records.services import checkpoints
from tests.grid.street import FIRST, FOUNDED, Street, at_slot
from tests.rights import owner

SLOT = FIRST + 40


@pytest.fixture
def trading(street: Street) -> Street:
    """Alice offers 900 Wh in each of eight slots; Bob asks 400 and Carol 700."""
    slots = range(SLOT, SLOT + 8)
    street.signal(slots, 150_000)
    for home, net in ((street.alice, -900), (street.bob, 400), (street.carol, 700)):
        street.register(home)
        street.forecast(home, dict.fromkeys(slots, net))
    return street


def test_slots_whose_gate_has_passed_are_cleared_before_delivery_begins(trading: Street) -> None:
    assert gates.sweep_gates(zone=trading.zone, now=at_slot(SLOT)) == 4
    assert list(Auction.objects.order_by("slot").values_list("slot", flat=True)) == [
        SLOT + 1,
        SLOT + 2,
        SLOT + 3,
        SLOT + 4,
    ]


def test_a_repeat_and_an_overlapping_sweep_clear_each_slot_once(trading: Street) -> None:
    gates.sweep_gates(zone=trading.zone, now=at_slot(SLOT))
    assert gates.sweep_gates(zone=trading.zone, now=at_slot(SLOT)) == 0
    assert gates.sweep_gates(zone=trading.zone, now=at_slot(SLOT + 1)) == 1
    again = signals_at_gate(trading.zone, [SLOT + 1], lead=4)
    assert list(again) == [SLOT + 1]
    assert auctions.clear(zone=trading.zone, signals=again, now=at_slot(SLOT + 1)) == []
    assert Auction.objects.count() == 5


def test_what_is_bought_is_sold_and_the_log_says_the_same(trading: Street) -> None:
    gates.sweep_gates(zone=trading.zone, now=at_slot(SLOT))
    for auction in Auction.objects.all():
        fills = list(auction.fills.select_related("order").order_by("fill_index"))
        bought = sum(fill.quantity_wh for fill in fills if fill.order.side == 0)
        sold = sum(fill.quantity_wh for fill in fills if fill.order.side == 1)
        assert bought == sold == auction.volume_wh == 900
        assert auction.price == 150_000
        entry = records.entry(auction.log_index)
        assert entry.kind is EntryKind.AUCTION
        assert entry.fields["zone"] == trading.zone.word
        assert (entry.fields["slot"], entry.fields["price"], entry.fields["fillCount"]) == (auction.slot, 150_000, 3)
        assert entry.fields["fillsRoot"] == bytes(auction.fills_root) != merkle.EMPTY_ROOT
        assert entry.fields["ordersRoot"] == bytes(auction.orders_root)
        assert merkle.root(merkle.split_hashes(bytes(auction.fill_hashes))) == bytes(auction.fills_root)
        assert merkle.root(merkle.split_hashes(bytes(auction.order_hashes))) == bytes(auction.orders_root)
    assert set(Order.objects.values_list("state", flat=True)) == {OrderState.CLEARED}


def test_equal_limits_and_times_are_served_by_hash(trading: Street) -> None:
    gates.sweep_gates(zone=trading.zone, now=at_slot(SLOT))
    for auction in Auction.objects.all():
        buys = list(Order.objects.filter(slot=auction.slot, side=0).select_related("fill"))
        first, second = sorted(buys, key=lambda order: bytes(order.order_hash))
        assert first.fill.quantity_wh == first.quantity_wh
        assert second.fill.quantity_wh == 900 - first.quantity_wh


def test_a_slot_without_orders_is_an_auction_at_the_signal(street: Street) -> None:
    street.signal([SLOT], 123_000)
    assert gates.sweep_gates(zone=street.zone, now=at_slot(SLOT - 4)) == 1
    auction = Auction.objects.get()
    assert (auction.price, auction.volume_wh, auction.fill_count) == (123_000, 0, 0)
    assert bytes(auction.fills_root) == merkle.EMPTY_ROOT


@pytest.mark.parametrize(("seconds", "auctions"), [(0, 1), (1, 0)])
def test_a_signal_anchored_after_the_gate_is_not_used(street: Street, seconds: int, auctions: int) -> None:
    street.signal([SLOT], 150_000, anchored_at=at_slot(SLOT - 4, seconds))
    assert gates.sweep_gates(zone=street.zone, now=at_slot(SLOT - 3)) == auctions
    assert Auction.objects.count() == auctions


def test_a_signal_that_is_in_no_anchored_checkpoint_is_not_used(street: Street) -> None:
    street.publish([SLOT], 150_000)
    checkpoints.sign_checkpoint(now=FOUNDED)
    assert gates.sweep_gates(zone=street.zone, now=at_slot(SLOT - 3)) == 0


def test_of_several_signals_the_newest_that_was_anchored_in_time_counts(street: Street) -> None:
    street.signal([SLOT], 150_000)
    street.signal([SLOT], 140_000, version=1, at=at_slot(SLOT - 20))
    street.signal([SLOT], 130_000, version=2, at=at_slot(SLOT - 6), anchored_at=at_slot(SLOT - 4, 1))
    gates.sweep_gates(zone=street.zone, now=at_slot(SLOT - 3))
    assert Auction.objects.get().signal.version == 1


@pytest.mark.parametrize(("seconds", "stands"), [(0, True), (1, False)])
def test_an_auction_anchored_after_delivery_began_is_void_and_so_are_its_fills(
    trading: Street, seconds: int, stands: bool
) -> None:
    gates.sweep_gates(zone=trading.zone, now=at_slot(SLOT - 4))
    # While nothing is anchored nobody knows, and nothing is void.
    assert (Auction.objects.standing().count(), Auction.objects.unanchored().count()) == (1, 1)
    assert Fill.objects.standing().count() == 3
    trading.anchor(at_slot(SLOT, seconds))
    assert Auction.objects.unanchored().count() == 0
    assert Auction.objects.standing().exists() is Fill.objects.standing().exists() is stands


def test_a_slot_under_delivery_is_left_to_residual_supply(trading: Street) -> None:
    gates.sweep_gates(zone=trading.zone, now=at_slot(SLOT + 7, 1))
    assert not Auction.objects.filter(slot__lte=SLOT + 7).exists()


def test_an_auction_and_its_log_entry_stand_or_fall_together(trading: Street, monkeypatch) -> None:
    size = records.log_size()
    monkeypatch.setattr(Fill.objects, "bulk_create", _fail)
    with pytest.raises(RuntimeError, match="disk full"), transaction.atomic():
        gates.sweep_gates(zone=trading.zone, now=at_slot(SLOT))
    assert records.log_size() == size
    assert not Auction.objects.exists()
    assert not Order.objects.exists()


def _fail(*_: object) -> None:
    raise RuntimeError("disk full")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE market_fill SET quantity_wh = quantity_wh + 1",
        "DELETE FROM market_fill",
        "UPDATE market_auction SET price = 0",
        "UPDATE market_order SET quantity_wh = 1",
        "UPDATE market_order SET state = 'accepted'",
        "UPDATE market_mandate SET cap_per_day = 1",
    ],
)
def test_the_database_refuses_to_change_what_was_traded(trading: Street, statement: str) -> None:
    gates.sweep_gates(zone=trading.zone, now=at_slot(SLOT))
    with (
        pytest.raises(Error, match="never changed"),
        transaction.atomic(),
        owner(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_an_hour_of_auctions_takes_few_queries(trading: Street, django_assert_max_num_queries) -> None:
    gates.sweep_gates(zone=trading.zone, now=at_slot(SLOT - 1))
    with django_assert_max_num_queries(40):
        assert gates.sweep_gates(zone=trading.zone, now=at_slot(SLOT + 3)) == 4
