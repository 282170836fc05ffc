"""What a settlement day has brought so far, and what the supplier alone would have brought.

The same formula as the settlement's, over the slots whose readings are in; provisional until the run.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from grid.accounts.models import Zone
from grid.domain.amounts import Prices, Quantities, line_amount
from grid.domain.slots import slots_of_day
from grid.domain.units import WattHours
from grid.metering.models import MeteringPoint
from grid.portal.queries.energy import metered, traded
from grid.portal.queries.prices import slot_prices


@dataclass(frozen=True)
class DaySum:
    """Sums over the slots counted. Money in token units, positive comes in; prices times Wh in `_milli`."""

    day: int
    slots: int
    import_wh: int = 0
    export_wh: int = 0
    bought_wh: int = 0
    sold_wh: int = 0
    over_bought_wh: int = 0
    over_sold_wh: int = 0
    amount: int = 0
    supplier_only: int = 0
    bought_milli: int = 0
    sold_milli: int = 0
    supplier_buy_milli: int = 0
    supplier_sell_milli: int = 0

    @property
    def benefit(self) -> int:
        """How much better than with the supplier alone; negative is worse."""
        return self.amount - self.supplier_only

    @property
    def buy_price(self) -> int | None:
        """Average price paid to neighbours, fee included."""
        return self.bought_milli // self.bought_wh if self.bought_wh else None

    @property
    def sell_price(self) -> int | None:
        """Average price got from neighbours."""
        return self.sold_milli // self.sold_wh if self.sold_wh else None

    @property
    def supplier_buy_price(self) -> int | None:
        """What the supplier would have charged for the energy bought from neighbours."""
        return self.supplier_buy_milli // self.bought_wh if self.bought_wh else None

    @property
    def supplier_sell_price(self) -> int | None:
        """What the supplier would have paid for the energy sold to neighbours."""
        return self.supplier_sell_milli // self.sold_wh if self.sold_wh else None


def day_so_far(zone: Zone, points: Sequence[MeteringPoint], day: int) -> DaySum:
    """Sum the slots of a UTC day that have both readings and prices."""
    slots = slots_of_day(day)
    ids = [point.id for point in points]
    readings = metered(ids, slots.start, slots.stop)
    trades = traded(ids, slots.start, slots.stop)
    prices = slot_prices(zone, slots.start, slots.stop)
    lines: list[tuple[Quantities, Prices]] = []
    seen: set[int] = set()
    for point in ids:
        for slot, interval in readings.get(point, {}).items():
            rates = prices[slot].rates
            if rates is None:
                continue
            seen.add(slot)
            bought, sold = trades.get((point, slot), (0, 0))
            lines.append((quantities(interval.import_wh, interval.export_wh, bought, sold), rates))
    return summed(day, len(seen), lines)


def quantities(imported: int, exported: int, bought: int, sold: int) -> Quantities:
    """Plain integers as the formula's quantities."""
    return Quantities(WattHours(imported), WattHours(exported), WattHours(bought), WattHours(sold))


def summed(day: int, slots: int, lines: Sequence[tuple[Quantities, Prices]]) -> DaySum:
    """Sum lines of energy and prices."""
    return DaySum(
        day=day,
        slots=slots,
        import_wh=sum(energy.imported for energy, _ in lines),
        export_wh=sum(energy.exported for energy, _ in lines),
        bought_wh=sum(energy.bought for energy, _ in lines),
        sold_wh=sum(energy.sold for energy, _ in lines),
        over_bought_wh=sum(max(0, energy.bought - energy.imported) for energy, _ in lines),
        over_sold_wh=sum(max(0, energy.sold - energy.exported) for energy, _ in lines),
        amount=sum(line_amount(energy, rates) for energy, rates in lines),
        supplier_only=sum(
            line_amount(quantities(energy.imported, energy.exported, 0, 0), rates) for energy, rates in lines
        ),
        bought_milli=sum(energy.bought * (rates.local + rates.fee) for energy, rates in lines),
        sold_milli=sum(energy.sold * rates.local for energy, rates in lines),
        supplier_buy_milli=sum(energy.bought * rates.import_ for energy, rates in lines),
        supplier_sell_milli=sum(energy.sold * rates.export for energy, rates in lines),
    )
