"""Lines and headers of a run, and their leaves (PROTOCOL §2).

The fields of both stand in the order of their leaf.
"""

from dataclasses import dataclass
from typing import Any, Self, cast

from grid.domain.amounts import Prices, Quantities
from grid.domain.entries import FIELDS, LeafKind, Value, decode, encode
from grid.domain.units import PricePerKWh, WattHours

_NAMES = {kind: tuple(name for name, _ in FIELDS[kind]) for kind in (LeafKind.LINE, LeafKind.HEADER)}


@dataclass(frozen=True, slots=True)
class Line:
    """One slot of a point's statement; the fields of a LINE leaf, in order."""

    slot: int
    interval_index: int
    order_hash: bytes
    fill_index: int | None
    hold_index: int | None
    import_wh: int
    export_wh: int
    bought_wh: int
    sold_wh: int
    amount: int
    running_total: int

    def leaf(self, salt: bytes) -> bytes:
        """Return the LINE leaf data."""
        return encode(LeafKind.LINE, _named(LeafKind.LINE, self), salt)

    @classmethod
    def from_leaf(cls, data: bytes) -> Self:
        """Return the line of LINE leaf data. Raises ValueError for bytes no writer makes."""
        return cls(*_unsalted(LeafKind.LINE, data))

    @property
    def energy(self) -> Quantities:
        """Metered and traded energy, for the formula."""
        return Quantities(
            WattHours(self.import_wh),
            WattHours(self.export_wh),
            WattHours(self.bought_wh),
            WattHours(self.sold_wh),
        )


@dataclass(frozen=True, slots=True)
class Header:
    """What all lines of a slot share, and their sums; the fields of a HEADER leaf, in order.

    `mismatch_wh` is sold minus bought. `fee_amount` and `residual_amount` are exact, in thousandths of a
    token unit: the fee that buyers pay, and what the supplier pays (negative: takes) for residual energy,
    the balancing account's included.
    """

    slot: int
    local_price: int
    tariff_index: int
    fee_price: int
    import_price: int
    export_price: int
    buy_num: int
    buy_den: int
    sell_num: int
    sell_den: int
    price_index: int | None
    auction_index: int | None
    bought_wh: int
    sold_wh: int
    mismatch_wh: int
    member_import_wh: int
    member_export_wh: int
    feeder_wh: int
    fee_amount: int
    residual_amount: int

    def leaf(self, salt: bytes) -> bytes:
        """Return the HEADER leaf data; the salt is zero when headers are public."""
        return encode(LeafKind.HEADER, _named(LeafKind.HEADER, self), salt)

    @classmethod
    def from_leaf(cls, data: bytes) -> Self:
        """Return the header of HEADER leaf data. Raises ValueError for bytes no writer makes."""
        return cls(*_unsalted(LeafKind.HEADER, data))

    @property
    def rates(self) -> Prices:
        """The slot's prices, for the formula."""
        return Prices(
            PricePerKWh(self.local_price),
            PricePerKWh(self.fee_price),
            PricePerKWh(self.import_price),
            PricePerKWh(self.export_price),
        )


def _named(kind: LeafKind, value: Line | Header) -> dict[str, Value]:
    """Return a dataclass's values under the names of the leaf's fields; both stand in one order."""
    return dict(zip(_NAMES[kind], (getattr(value, slot) for slot in value.__slots__), strict=True))


def _unsalted(kind: LeafKind, data: bytes) -> list[Any]:
    """Return a leaf's fields in order, without its salt."""
    return cast("list[Any]", list(decode(kind, data).values())[:-1])
