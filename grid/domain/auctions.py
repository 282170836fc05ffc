"""The two trees of an auction: the orders that took part, and the fills they got (PROTOCOL §1).

Leaves stand in ascending order of order hash, which says nothing about who ordered or when. Each is
salted with the key of its metering point, so that a member can open the own ones alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from grid.domain import merkle
from grid.domain.clearing import Clearing, Fill, Order, clear
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
    """An auction with its leaves; `fill_leaves[i]` is the leaf of `clearing.fills[i]`.

    The leaf hashes are kept by whoever keeps the auction: a member's audit path must not depend on the keys
    of the neighbours beside it.
    """

    clearing: Clearing
    order_leaves: tuple[bytes, ...]
    fill_leaves: tuple[bytes, ...]
    order_hashes: tuple[bytes, ...]
    fill_hashes: tuple[bytes, ...]
    orders_root: bytes
    fills_root: bytes


def fill_leaf(
    fill: Fill, *, point: bytes, price: PricePerKWh, zone: bytes, slot: int, position: int, key: bytes
) -> bytes:
    """Return the leaf of a fill at its place in the fills tree; `key` is the point's log key of the slot's month."""
    return encode(
        LeafKind.FILL,
        {
            "orderHash": fill.order_hash,
            "point": point,
            "side": int(fill.side),
            "quantityWh": fill.quantity,
            "price": price,
        },
        salt(key, "FILL", tree=auction_tree(zone, slot), position=position),
    )


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
        fill_leaf(
            fill,
            point=owners[fill.order_hash].point,
            price=clearing.price,
            zone=zone,
            slot=slot,
            position=position,
            key=point_key(owners[fill.order_hash].point),
        )
        for position, fill in enumerate(clearing.fills)
    )
    order_hashes = tuple(merkle.leaf_hash(leaf) for leaf in order_leaves)
    fill_hashes = tuple(merkle.leaf_hash(leaf) for leaf in fill_leaves)
    return AuctionResult(
        clearing,
        order_leaves,
        fill_leaves,
        order_hashes,
        fill_hashes,
        orders_root=merkle.root(order_hashes),
        fills_root=merkle.root(fill_hashes),
    )
