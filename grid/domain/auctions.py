"""The two trees of an auction: the orders that took part, and the fills they got (PROTOCOL §1).

Leaves stand in ascending order of order hash, which says nothing about who ordered or when. Each is
salted with the key of its metering point, so that a member can open the own ones alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from grid.domain import merkle
from grid.domain.clearing import Clearing, Order, clear
from grid.domain.entries import LeafKind, auction_tree, encode, salt
from grid.domain.units import PricePerKWh


@dataclass(frozen=True, slots=True)
class PlacedOrder:
    """An order and whose it is: `point` the 32-byte id, `account` the 20-byte address."""

    order: Order
    point: bytes
    account: bytes


@dataclass(frozen=True, slots=True)
class AuctionResult:
    """An auction with its leaves; `fill_leaves[i]` is the leaf of `clearing.fills[i]`."""

    clearing: Clearing
    order_leaves: tuple[bytes, ...]
    fill_leaves: tuple[bytes, ...]
    orders_root: bytes
    fills_root: bytes


def hold_auction(
    placed: Sequence[PlacedOrder],
    *,
    zone: bytes,
    slot: int,
    reference_price: PricePerKWh,
    point_key: Callable[[bytes], bytes],
) -> AuctionResult:
    """Clear the orders of one zone and slot and return the result with its trees.

    `point_key` gives the log key of a point for the slot's month. Raises ValueError as `clear` does.
    """
    clearing = clear((item.order for item in placed), reference_price=reference_price)
    tree = auction_tree(zone, slot)
    ordered = sorted(placed, key=lambda item: item.order.order_hash)
    owners = {item.order.order_hash: item for item in ordered}
    order_leaves = tuple(
        encode(
            LeafKind.ORDER,
            {
                "orderHash": item.order.order_hash,
                "point": item.point,
                "account": item.account,
                "side": int(item.order.side),
                "limitPrice": item.order.limit,
                "quantityWh": item.order.quantity,
                "acceptedAt": item.order.accepted_at,
            },
            salt(point_key(item.point), "ORDER", tree=tree, position=position),
        )
        for position, item in enumerate(ordered)
    )
    fill_leaves = tuple(
        encode(
            LeafKind.FILL,
            {
                "orderHash": fill.order_hash,
                "point": owners[fill.order_hash].point,
                "side": int(fill.side),
                "quantityWh": fill.quantity,
                "price": clearing.price,
            },
            salt(point_key(owners[fill.order_hash].point), "FILL", tree=tree, position=position),
        )
        for position, fill in enumerate(clearing.fills)
    )
    return AuctionResult(
        clearing,
        order_leaves,
        fill_leaves,
        orders_root=merkle.root([merkle.leaf_hash(leaf) for leaf in order_leaves]),
        fills_root=merkle.root([merkle.leaf_hash(leaf) for leaf in fill_leaves]),
    )
