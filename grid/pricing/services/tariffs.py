"""The supplier's tariff of a zone and day, committed to the log."""

from datetime import datetime

from django.db import transaction

from grid.accounts.models import Zone
from grid.domain.entries import EntryKind
from grid.domain.slots import month_of_day
from grid.domain.tariffs import tariff_tree
from grid.pricing.models import TariffDay
from grid.pricing.queries import profile_on
from grid.records import services as records


def publish_tariff(*, zone: Zone, day: int, now: datetime) -> TariffDay:
    """Commit the 96 import, export and fee prices of a UTC day; a published day stays as it is.

    Raises NoProfile when no profile is in force on that day.
    """
    with transaction.atomic():
        Zone.objects.select_for_update().get(pk=zone.pk)
        known = TariffDay.objects.filter(zone=zone, day=day).first()
        if known is not None:
            return known
        tariffs = profile_on(zone.community, day).tariffs_of_day(day)
        import_prices = [tariff.import_price for tariff in tariffs]
        export_prices = [tariff.export_price for tariff in tariffs]
        fee_prices = [tariff.fee_price for tariff in tariffs]
        root = tariff_tree(
            day=day, import_prices=import_prices, export_prices=export_prices, fee_prices=fee_prices
        ).root
        entry = records.NewEntry(
            kind=EntryKind.TARIFF,
            fields={"zone": zone.word, "day": day, "tariffRoot": root},
            scope=zone.pk,
            period=month_of_day(day),
        )
        (index,) = records.append(entries=[entry], now=now)
        return TariffDay.objects.create(
            zone=zone,
            day=day,
            import_prices=import_prices,
            export_prices=export_prices,
            fee_prices=fee_prices,
            root=root,
            log_index=index,
        )
