"""Prices that are published, and the profile behind them."""

from grid.accounts.models import Community, Zone
from grid.domain.profile import Profile, SlotTariff, parse
from grid.domain.slots import SLOTS_PER_DAY, day_of
from grid.domain.units import PricePerKWh
from grid.pricing import models
from grid.pricing.models import PriceSignal, TariffDay


class NoProfile(LookupError):
    """A community has no jurisdiction profile in force; one must be adopted before anything is priced."""


def profile_row(community: Community, day: int) -> models.Profile:
    """Return the stored profile in force on a UTC day. Raises NoProfile."""
    row = models.Profile.objects.filter(community=community, from_day__lte=day).order_by("-from_day").first()
    if row is None:
        raise NoProfile(f"{community.slug} has no profile in force on day {day}: adopt one with an earlier from_day")
    return row


def profile_on(community: Community, day: int) -> Profile:
    """Return the parsed profile in force on a UTC day. Raises NoProfile."""
    return parse(profile_row(community, day).document)


def signal(zone: Zone, slot: int) -> PriceSignal | None:
    """Return the newest published price of a slot, or None."""
    return PriceSignal.objects.filter(zone=zone, slot=slot).order_by("-version").first()


def signals(zone: Zone, from_slot: int, to_slot: int) -> dict[int, PriceSignal]:
    """Return the newest published price of each slot in [from_slot, to_slot) that has one."""
    rows = PriceSignal.objects.filter(zone=zone, slot__gte=from_slot, slot__lt=to_slot).order_by("slot", "version")
    return {row.slot: row for row in rows}


def tariff(zone: Zone, slot: int) -> SlotTariff | None:
    """Return the supplier's published prices of a slot, or None while its day has no TARIFF entry."""
    row = TariffDay.objects.filter(zone=zone, day=day_of(slot)).first()
    if row is None:
        return None
    at = slot % SLOTS_PER_DAY
    return SlotTariff(
        slot=slot,
        import_price=PricePerKWh(row.import_prices[at]),
        export_price=PricePerKWh(row.export_prices[at]),
        fee_price=PricePerKWh(row.fee_prices[at]),
    )
