"""The trees of an auction: every order and fill can be proven, and no leaf gives another away."""

import random

from grid.domain import merkle
from grid.domain.auctions import AuctionResult, PlacedOrder, hold_auction
from grid.domain.clearing import Order, Side
from grid.domain.entries import LeafKind, auction_tree, decode, mandate_order_hash, salt

ZONE = (77).to_bytes(32, "big")
SLOT = 1_963_000


def placed(number: int, side: Side, limit: int, quantity: int) -> PlacedOrder:
    point = number.to_bytes(32, "big")
    order_hash = mandate_order_hash(
        mandate=bytes(31) + b"\x07", point=point, slot=SLOT, side=side, limit_price=limit, quantity_wh=quantity
    )
    return PlacedOrder(Order(order_hash, side, limit, quantity, 1_766_000_000), point, number.to_bytes(20, "big"))


ORDERS = [
    placed(1, Side.BUY, 200_000, 300),
    placed(2, Side.BUY, 150_000, 400),
    placed(3, Side.SELL, 100_000, 500),
    placed(4, Side.SELL, 180_000, 100),
]


def key(point: bytes) -> bytes:
    return b"key of " + point


def hold(orders: list[PlacedOrder]) -> AuctionResult:
    return hold_auction(orders, zone=ZONE, slot=SLOT, reference_price=120_000, point_key=key)


def test_every_fill_is_a_leaf_under_the_root_and_says_what_the_clearing_says() -> None:
    result = hold(ORDERS)
    assert (result.clearing.price, result.clearing.volume) == (120_000, 500)
    tree = merkle.MerkleTree([merkle.leaf_hash(leaf) for leaf in result.fill_leaves])
    for position, (leaf, fill) in enumerate(zip(result.fill_leaves, result.clearing.fills, strict=True)):
        merkle.verify_inclusion(
            merkle.leaf_hash(leaf), position, tree.size, tree.inclusion_proof(position), result.fills_root
        )
        fields = decode(LeafKind.FILL, leaf)
        assert (fields["orderHash"], fields["quantityWh"]) == (fill.order_hash, fill.quantity)
        assert fields["price"] == 120_000
        assert fields["salt"] == salt(key(fields["point"]), "FILL", tree=auction_tree(ZONE, SLOT), position=position)


def test_all_orders_are_leaves_filled_or_not() -> None:
    result = hold(ORDERS)
    fields = [decode(LeafKind.ORDER, leaf) for leaf in result.order_leaves]
    assert {item["orderHash"] for item in fields} == {item.order.order_hash for item in ORDERS}
    assert {(item["side"], item["limitPrice"], item["quantityWh"]) for item in fields} == {
        (0, 200_000, 300), (0, 150_000, 400), (1, 100_000, 500), (1, 180_000, 100)
    }  # fmt: skip
    assert result.orders_root == merkle.root([merkle.leaf_hash(leaf) for leaf in result.order_leaves])


def test_the_result_does_not_depend_on_the_sequence_of_orders() -> None:
    shuffled = list(ORDERS)
    random.Random(5).shuffle(shuffled)
    assert hold(shuffled) == hold(ORDERS)


def test_an_auction_without_orders_has_empty_trees_and_the_reference_price() -> None:
    result = hold([])
    assert result.orders_root == result.fills_root == merkle.EMPTY_ROOT
    assert result.clearing.price == 120_000
