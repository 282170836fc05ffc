"""Prices of a zone's slots as a member sees them, and why they are what they are."""

from dataclasses import dataclass

from grid.accounts.models import Zone
from grid.domain.amounts import Prices
from grid.domain.slots import SLOTS_PER_DAY, day_of
from grid.domain.units import PricePerKWh
from grid.forecasts.models import ForecastPoint
from grid.market.models import Auction
from grid.pricing.models import TariffDay
from grid.pricing.queries import signal, signals


@dataclass(frozen=True)
class SlotPrice:
    """A slot's prices, micro-currency per kWh; what is not known yet is None."""

    slot: int
    signal: int | None
    cleared: int | None
    import_price: int | None
    export_price: int | None
    fee_price: int | None

    @property
    def local(self) -> int | None:
        """The auction's price, before it the signal."""
        return self.signal if self.cleared is None else self.cleared

    @property
    def rates(self) -> Prices | None:
        """The four prices for the amount formula, or None while one is missing."""
        if None in (self.local, self.fee_price, self.import_price, self.export_price):
            return None
        return Prices(
            PricePerKWh(self.local or 0),
            PricePerKWh(self.fee_price or 0),
            PricePerKWh(self.import_price or 0),
            PricePerKWh(self.export_price or 0),
        )


@dataclass(frozen=True)
class Reason:
    """The forecast a signal came from, for its slot: expected supply and demand of the zone, Wh."""

    supply_wh: int
    demand_wh: int


def slot_prices(zone: Zone, from_slot: int, to_slot: int) -> dict[int, SlotPrice]:
    """Prices of every slot in [from_slot, to_slot)."""
    published = signals(zone, from_slot, to_slot)
    auctions = Auction.objects.standing().filter(zone=zone, slot__gte=from_slot, slot__lt=to_slot)
    cleared = dict(auctions.values_list("slot", "price"))
    days = range(day_of(from_slot), day_of(to_slot - 1) + 1)
    tariffs = {row.day: row for row in TariffDay.objects.filter(zone=zone, day__in=days)}
    found: dict[int, SlotPrice] = {}
    for slot in range(from_slot, to_slot):
        tariff = tariffs.get(day_of(slot))
        at = slot % SLOTS_PER_DAY
        found[slot] = SlotPrice(
            slot,
            published[slot].price if slot in published else None,
            cleared.get(slot),
            None if tariff is None else tariff.import_prices[at],
            None if tariff is None else tariff.export_prices[at],
            None if tariff is None else tariff.fee_prices[at],
        )
    return found


def reason(zone: Zone, slot: int) -> Reason | None:
    """What the slot's signal was computed from, or None when there is none."""
    published = signal(zone, slot)
    if published is None:
        return None
    runs = (published.supply_run_id, published.demand_run_id)
    expected = dict(ForecastPoint.objects.filter(run__in=runs, slot=slot).values_list("run_id", "p50_wh"))
    if len(expected) < len(set(runs)):
        return None
    return Reason(expected[runs[0]], expected[runs[1]])
