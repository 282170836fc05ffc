"""Auctions: the frozen orders of a zone and slot, cleared at one price and written into the log."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction

from grid.accounts.models import Zone
from grid.domain.auctions import AuctionResult, PlacedOrder, hold_auction
from grid.domain.clearing import Order as DomainOrder
from grid.domain.clearing import Side
from grid.domain.entries import EntryKind, Mode
from grid.domain.signers import address_bytes
from grid.domain.slots import day_of, month_of_day
from grid.domain.units import PricePerKWh, WattHours
from grid.market.models import Auction, Fill, Order, OrderState
from grid.pricing.models import PriceSignal
from grid.records.services import NewEntry, append
from grid.records.services.keys import keys_for


def clear(*, zone: Zone, signals: Mapping[int, PriceSignal], now: datetime) -> list[Auction]:
    """Hold the auction of each slot that has none yet, at its price signal, and return them.

    The slot's accepted orders are cleared at one price; AUCTION entries, Auction and Fill rows and the
    orders' state share one transaction, so a repeat does nothing.
    """
    with transaction.atomic():
        Zone.objects.select_for_update(no_key=True).get(pk=zone.pk)
        held = set(Auction.objects.filter(zone=zone, slot__in=list(signals)).values_list("slot", flat=True))
        due = {slot: signal for slot, signal in signals.items() if slot not in held}
        if not due:
            return []
        orders = _orders(zone, sorted(due))
        results = _results(zone, due, orders, now)
        entries = [_entry(zone, slot, result) for slot, result in results.items()]
        indices = append(entries=entries, now=now)
        auctions = Auction.objects.bulk_create(
            _row(zone, due[slot], result, index, now)
            for (slot, result), index in zip(results.items(), indices, strict=True)
        )
        _store_fills(auctions, results, orders)
        everyone = [order.pk for found in orders.values() for order in found]
        Order.objects.filter(pk__in=everyone).update(state=OrderState.CLEARED)
        return auctions


def _orders(zone: Zone, slots: Sequence[int]) -> dict[int, list[Order]]:
    rows = Order.objects.filter(zone=zone, slot__in=slots, state=OrderState.ACCEPTED)
    found: dict[int, list[Order]] = {slot: [] for slot in slots}
    for row in rows.select_related("point", "account").order_by("slot", "id"):
        found[row.slot].append(row)
    return found


def _results(
    zone: Zone, signals: dict[int, PriceSignal], orders: dict[int, list[Order]], now: datetime
) -> dict[int, AuctionResult]:
    """Clear every slot, its trees salted with the keys of the points for the slot's month."""
    owners = {(o.point_id, month_of_day(day_of(slot))) for slot, found in orders.items() for o in found}
    opened = keys_for(owners=owners, now=now)
    keys = {(scope.int.to_bytes(32, "big"), period): handle.key for (scope, period), handle in opened.items()}

    def held(slot: int, found: list[Order]) -> AuctionResult:
        month = month_of_day(day_of(slot))
        return hold_auction(
            [_placed(order) for order in found],
            zone=zone.word,
            slot=slot,
            reference_price=PricePerKWh(signals[slot].price),
            point_key=lambda point: keys[point, month],
        )

    return {slot: held(slot, found) for slot, found in orders.items()}


def _placed(order: Order) -> PlacedOrder:
    return PlacedOrder(
        DomainOrder(
            order_hash=bytes(order.order_hash),
            side=Side(order.side),
            limit=PricePerKWh(order.limit_price),
            quantity=WattHours(order.quantity_wh),
            accepted_at=int(order.accepted_at.timestamp()),
        ),
        point=order.point.word,
        account=address_bytes(order.account.address),
    )


def _entry(zone: Zone, slot: int, result: AuctionResult) -> NewEntry:
    return NewEntry(
        kind=EntryKind.AUCTION,
        fields={
            "zone": zone.word,
            "slot": slot,
            "mode": int(Mode.EX_ANTE),
            "price": result.clearing.price,
            "ordersRoot": result.orders_root,
            "fillsRoot": result.fills_root,
            "fillCount": len(result.clearing.fills),
        },
        scope=zone.id,
        period=month_of_day(day_of(slot)),
    )


def _row(zone: Zone, signal: PriceSignal, result: AuctionResult, index: int, now: datetime) -> Auction:
    return Auction(
        zone=zone,
        slot=signal.slot,
        mode=Mode.EX_ANTE.name.lower(),
        signal=signal,
        price=result.clearing.price,
        volume_wh=result.clearing.volume,
        orders_root=result.orders_root,
        fills_root=result.fills_root,
        fill_count=len(result.clearing.fills),
        order_hashes=b"".join(result.order_hashes),
        fill_hashes=b"".join(result.fill_hashes),
        log_index=index,
        cleared_at=now,
    )


def _store_fills(
    auctions: Sequence[Auction], results: dict[int, AuctionResult], orders: dict[int, list[Order]]
) -> None:
    by_hash = {bytes(order.order_hash): order for found in orders.values() for order in found}
    Fill.objects.bulk_create(
        Fill(
            auction=auction,
            order=by_hash[fill.order_hash],
            fill_index=position,
            quantity_wh=fill.quantity,
        )
        for auction in auctions
        for position, fill in enumerate(results[auction.slot].clearing.fills)
    )
