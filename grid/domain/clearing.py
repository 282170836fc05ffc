"""Uniform-price call auction of one zone and slot (PROTOCOL §3).

All orders are known before the gate. One price clears them: the one that trades most energy, then leaves
most surplus, then lies closest to the reference price. The result depends on the set of orders alone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from grid.domain.units import PricePerKWh, WattHours


class Side(IntEnum):
    """Side of an order, as written in its leaves."""

    BUY = 0
    SELL = 1


@dataclass(frozen=True, slots=True)
class Order:
    """A wish to trade up to `quantity` at `limit` or better. `accepted_at` in unix seconds."""

    order_hash: bytes
    side: Side
    limit: PricePerKWh
    quantity: WattHours
    accepted_at: int


class Fill(NamedTuple):
    """What an order got, at the auction's price."""

    order_hash: bytes
    side: Side
    quantity: WattHours


@dataclass(frozen=True, slots=True)
class Clearing:
    """The auction's result. `fills` are in ascending order of order hash, all of them positive."""

    price: PricePerKWh
    volume: WattHours
    fills: tuple[Fill, ...]


def clear(orders: Iterable[Order], *, reference_price: PricePerKWh) -> Clearing:
    """Return price, volume and fills of a call auction.

    Buyers are served from the highest limit down, sellers from the lowest up, equal limits by time of
    acceptance, then by order hash; that order leaves the most surplus. The traded volume is the largest
    at which the last buyer served still pays what the last seller served asks. Every price between
    those two limits trades the same orders with the same surplus, so the one closest to
    `reference_price` is the price. Without a trade the price is `reference_price`.

    Buyers at 30 and 20, sellers at 10 and 15, each 1 kWh: 2 kWh trade at 15 to 20; with a
    reference price of 12 the price is 15.

    Raises ValueError for a quantity below 1 Wh and for an order hash that comes twice.
    """
    buys: list[_Queued] = []
    sells: list[_Queued] = []
    for order in orders:
        if order.quantity < 1:
            raise ValueError(f"order {order.order_hash.hex()}: quantity is {order.quantity} Wh, not positive")
        if order.side is Side.BUY:
            buys.append((-order.limit, order.accepted_at, order.order_hash, order.quantity))
        else:
            sells.append((order.limit, order.accepted_at, order.order_hash, order.quantity))
    if len({order[2] for side in (buys, sells) for order in side}) < len(buys) + len(sells):
        raise ValueError("an order hash comes twice")
    buys.sort()
    sells.sort()
    volume, highest, lowest = _cross(buys, sells)
    if not volume:
        return Clearing(reference_price, WattHours(0), ())
    price = PricePerKWh(min(max(reference_price, lowest), highest))
    fills = _serve(buys, Side.BUY, volume) + _serve(sells, Side.SELL, volume)
    fills.sort()
    return Clearing(price, WattHours(volume), tuple(fills))


_Queued = tuple[int, int, bytes, int]
"""An order in the sequence it is served: limit (a buyer's negated), time, hash, quantity."""


def _cross(buys: Sequence[_Queued], sells: Sequence[_Queued]) -> tuple[int, int, int]:
    """Return the volume, and the limits of the last buyer and the last seller served."""
    volume = highest = lowest = 0
    buyer = seller = 0
    wanted = buys[0][3] if buys else 0
    offered = sells[0][3] if sells else 0
    while buyer < len(buys) and seller < len(sells) and -buys[buyer][0] >= sells[seller][0]:
        highest, lowest = -buys[buyer][0], sells[seller][0]
        traded = min(wanted, offered)
        volume += traded
        wanted -= traded
        offered -= traded
        if not wanted:
            buyer += 1
            wanted = buys[buyer][3] if buyer < len(buys) else 0
        if not offered:
            seller += 1
            offered = sells[seller][3] if seller < len(sells) else 0
    return volume, highest, lowest


def _serve(queue: Sequence[_Queued], side: Side, volume: int) -> list[Fill]:
    """Fill orders from the front until `volume` is spent; the last one may be filled in part."""
    fills: list[Fill] = []
    for _, _, order_hash, wanted in queue:
        if not volume:
            break
        quantity = min(wanted, volume)
        volume -= quantity
        fills.append(Fill(order_hash, side, WattHours(quantity)))
    return fills
