"""The supplier's tariff of one zone and day: 96 TARIFF_SLOT leaves under a TARIFF entry's root."""

from collections.abc import Sequence

from grid.domain import merkle
from grid.domain.entries import LeafKind, encode
from grid.domain.slots import SLOTS_PER_DAY, slots_of_day


def tariff_leaves(
    *, day: int, import_prices: Sequence[int], export_prices: Sequence[int], fee_prices: Sequence[int]
) -> list[bytes]:
    """Return the 96 leaves of a UTC day; prices in micro-currency per kWh, one per slot.

    Raises ValueError when a list is not 96 long, or a fee is negative.
    """
    lists = {"import_prices": import_prices, "export_prices": export_prices, "fee_prices": fee_prices}
    for name, prices in lists.items():
        if len(prices) != SLOTS_PER_DAY:
            raise ValueError(f"{name} has {len(prices)} prices instead of {SLOTS_PER_DAY}")
    return [
        encode(
            LeafKind.TARIFF_SLOT,
            {"slot": slot, "importPrice": bought, "exportPrice": sold, "feePrice": fee},
        )
        for slot, bought, sold, fee in zip(slots_of_day(day), import_prices, export_prices, fee_prices, strict=True)
    ]


def tariff_tree(
    *, day: int, import_prices: Sequence[int], export_prices: Sequence[int], fee_prices: Sequence[int]
) -> merkle.MerkleTree:
    """Return the tree whose root is a TARIFF entry's tariffRoot. Raises ValueError as tariff_leaves."""
    leaves = tariff_leaves(day=day, import_prices=import_prices, export_prices=export_prices, fee_prices=fee_prices)
    return merkle.MerkleTree([merkle.leaf_hash(leaf) for leaf in leaves])
