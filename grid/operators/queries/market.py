"""A zone's prices and auctions."""

from dataclasses import dataclass

from django.db.models import Sum

from grid.accounts.models import Zone
from grid.domain.slots import SLOTS_PER_DAY, day_of, slots_of_day
from grid.market.models import Auction
from grid.pricing.models import TariffDay
from grid.pricing.queries import signals


@dataclass(frozen=True)
class PriceCurve:
    """Prices by slot, micro-currency per kWh."""

    signal: dict[int, int]
    cleared: dict[int, int]
    volume: dict[int, int]
    import_price: dict[int, int]
    export_price: dict[int, int]


def price_curve(zone: Zone, slots: range) -> PriceCurve:
    """Everything that is known of the prices of these slots."""
    first, end = slots.start, slots.stop
    auctions = list(
        Auction.objects.standing()
        .filter(zone=zone, slot__gte=first, slot__lt=end)
        .values_list("slot", "price", "volume_wh")
    )
    days = TariffDay.objects.filter(zone=zone, day__in=range(day_of(first), day_of(end - 1) + 1))
    imports: dict[int, int] = {}
    exports: dict[int, int] = {}
    for tariff in days:
        for slot in slots_of_day(tariff.day):
            if slot in slots:
                imports[slot] = tariff.import_prices[slot % SLOTS_PER_DAY]
                exports[slot] = tariff.export_prices[slot % SLOTS_PER_DAY]
    return PriceCurve(
        signal={slot: row.price for slot, row in signals(zone, first, end).items()},
        cleared={slot: price for slot, price, _ in auctions},
        volume={slot: volume for slot, _, volume in auctions},
        import_price=imports,
        export_price=exports,
    )


def recent_auctions(zone: Zone, limit: int = 8) -> list[tuple[Auction, bool]]:
    """The newest auctions by delivery slot, each with whether it is void (PROTOCOL §3)."""
    newest = list(Auction.objects.filter(zone=zone).order_by("-slot")[:limit])
    standing = set(Auction.objects.standing().filter(pk__in=[row.pk for row in newest]).values_list("pk", flat=True))
    return [(row, row.pk not in standing) for row in newest]


def traded_on(zone: Zone, day: int) -> int:
    """Wh cleared for delivery on a UTC day, void auctions left out."""
    today = slots_of_day(day)
    rows = Auction.objects.standing().filter(zone=zone, slot__gte=today.start, slot__lt=today.stop)
    return rows.aggregate(volume=Sum("volume_wh"))["volume"] or 0
