"""Orders and auctions of the street, cleared by the reference model."""

import random
from datetime import timedelta
from hashlib import sha256

from grid.domain import clearing
from grid.domain.entries import EntryKind, Mode
from grid.domain.slots import date_of_day, day_of, slot_start
from grid.domain.units import PricePerKWh, WattHours
from grid.market.models import Auction, Fill, Mandate, Order, OrderState, Side
from grid.pricing.models import PriceSignal
from grid.records.queries import log_size
from grid.records.services import NewEntry, append
from tests import factories
from tests.factories import NOW, TODAY, Home
from tests.neighbourhood.street import EXPORT, GATE, SLOT_NOW, Neighbourhood


def _mandate(made: Neighbourhood, home: Home) -> Mandate:
    return Mandate.objects.create(
        account=home.account,
        valid_from_day=TODAY - 30,
        valid_to_day=TODAY + 90,
        cap_per_day=8_000_000,
        buy_ceiling=270_000,
        sell_floor=EXPORT,
        max_buy_wh_per_day=20_000,
        max_sell_wh_per_day=40_000,
        nonce="0x01",
        deadline=int(NOW.timestamp()) + 10**6,
        terms_hash=bytes(32),
        struct_hash=sha256(home.account.address.encode()).digest(),
        signature=bytes(65),
        created_at=factories.FOUNDED,
    )


def trade(made: Neighbourhood, slots: range) -> None:
    """An auction per slot over orders that expect the real energy almost rightly."""
    made.mandates = {home.account.address: _mandate(made, home) for home in made.homes}
    dice = random.Random(3)
    orders = {slot: _orders(made, slot, dice) for slot in slots}
    results = {slot: _cleared(made, slot, orders[slot]) for slot in slots}
    entries = [_auction_entry(made, slot, results[slot]) for slot in slots]
    signals = {signal.slot: signal for signal in PriceSignal.objects.filter(zone=made.people.zone)}
    auctions = {
        slot: Auction(
            zone=made.people.zone,
            slot=slot,
            signal=signals[slot],
            price=results[slot].price,
            volume_wh=results[slot].volume,
            orders_root=bytes(32),
            fills_root=bytes(32),
            fill_count=len(results[slot].fills),
            log_index=index,
            cleared_at=slot_start(slot - GATE),
        )
        for slot, index in zip(slots, append(entries=entries, now=NOW - timedelta(minutes=20)), strict=True)
    }
    Auction.objects.bulk_create(auctions.values())
    Order.objects.bulk_create(order for found in orders.values() for order in found.values())
    Fill.objects.bulk_create(
        Fill(auction=auctions[slot], order=orders[slot][fill.order_hash], fill_index=at, quantity_wh=fill.quantity)
        for slot in slots
        for at, fill in enumerate(results[slot].fills)
    )


def clear_next(made: Neighbourhood) -> Auction:
    """One more auction, without a trade, cleared NOW for the first slot that has none."""
    slot = SLOT_NOW + GATE
    return Auction.objects.create(
        zone=made.people.zone,
        slot=slot,
        signal=PriceSignal.objects.get(zone=made.people.zone, slot=slot),
        price=made.prices[slot],
        volume_wh=0,
        orders_root=bytes(32),
        fills_root=bytes(32),
        fill_count=0,
        log_index=log_size() - 1,
        cleared_at=NOW,
    )


def sell_next(made: Neighbourhood, quantity_wh: int) -> Fill:
    """Alice sells in the auction of `clear_next`."""
    home, auction = made.people.home, clear_next(made)
    order = Order.objects.create(
        zone=made.people.zone,
        account=home.account,
        point=home.point,
        mandate=made.mandates[home.account.address],
        slot=auction.slot,
        side=Side.SELL,
        limit_price=EXPORT,
        quantity_wh=quantity_wh,
        cover=0,
        order_hash=sha256(b"next").digest(),
        state=OrderState.CLEARED,
        accepted_at=NOW,
    )
    return Fill.objects.create(auction=auction, order=order, fill_index=0, quantity_wh=quantity_wh)


def _orders(made: Neighbourhood, slot: int, dice: random.Random) -> dict[bytes, Order]:
    orders: dict[bytes, Order] = {}
    for home in made.homes:
        imported, exported = made.energy[home.point][slot]
        side = Side.SELL if exported > imported else Side.BUY
        quantity = int(max(imported, exported) * dice.uniform(0.8, 1.05))
        if quantity == 0:
            continue
        order_hash = sha256(f"{home.account.address} {slot}".encode()).digest()
        orders[order_hash] = Order(
            zone=made.people.zone,
            account=home.account,
            point=home.point,
            mandate=made.mandates[home.account.address],
            slot=slot,
            side=side,
            limit_price=made.prices[slot] if side == Side.SELL else 270_000,
            quantity_wh=quantity,
            cover=0,
            order_hash=order_hash,
            state=OrderState.CLEARED,
            accepted_at=slot_start(slot - GATE),
        )
    return orders


def _cleared(made: Neighbourhood, slot: int, orders: dict[bytes, Order]) -> clearing.Clearing:
    wishes = [
        clearing.Order(key, clearing.Side(order.side), PricePerKWh(order.limit_price), WattHours(order.quantity_wh), 0)
        for key, order in orders.items()
    ]
    return clearing.clear(wishes, reference_price=PricePerKWh(made.prices[slot]))


def _auction_entry(made: Neighbourhood, slot: int, result: clearing.Clearing) -> NewEntry:
    zone = made.people.zone
    return NewEntry(
        kind=EntryKind.AUCTION,
        fields={
            "zone": zone.word,
            "slot": slot,
            "mode": int(Mode.EX_ANTE),
            "price": result.price,
            "ordersRoot": bytes(32),
            "fillsRoot": bytes(32),
            "fillCount": len(result.fills),
        },
        scope=zone.id,
        period=date_of_day(day_of(slot)),
    )
