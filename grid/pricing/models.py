"""Jurisdiction profiles and the price signal."""

from django.db import models

from grid.accounts.models import Community, Zone
from grid.forecasts.models import ForecastRun


class Profile(models.Model):
    """A jurisdiction profile in force from a UTC day on: tariffs, fees, windows, as validated data."""

    community = models.ForeignKey(Community, on_delete=models.PROTECT, related_name="profiles")
    from_day = models.IntegerField(help_text="days since 1970-01-01")
    document = models.JSONField()
    sha256 = models.BinaryField(max_length=32)
    log_index = models.BigIntegerField(null=True, help_text="PROFILE entry")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["community", "from_day"], name="profile_day_once")]

    def __str__(self) -> str:
        return f"{self.community} from day {self.from_day}"


class TariffDay(models.Model):
    """The supplier's 96 import, export and fee prices of one zone and day, committed in a TARIFF entry."""

    zone = models.ForeignKey(Zone, on_delete=models.PROTECT, related_name="tariff_days")
    day = models.IntegerField()
    import_prices = models.JSONField(help_text="96 integers, micro-currency per kWh")
    export_prices = models.JSONField()
    fee_prices = models.JSONField()
    root = models.BinaryField(max_length=32)
    log_index = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["zone", "day"], name="tariff_day_once")]

    def __str__(self) -> str:
        return f"{self.zone} day {self.day}"


class PriceSignal(models.Model):
    """The published local price of a slot: supply/demand-ratio sell price on the forecast."""

    zone = models.ForeignKey(Zone, on_delete=models.PROTECT, related_name="price_signals")
    slot = models.BigIntegerField()
    version = models.PositiveSmallIntegerField(default=0)
    price = models.BigIntegerField(help_text="micro-currency per kWh")
    buy_price = models.BigIntegerField(help_text="blended figure for display, never settled")
    low_price = models.BigIntegerField()
    high_price = models.BigIntegerField()
    supply_run = models.ForeignKey(ForecastRun, on_delete=models.PROTECT, related_name="+")
    demand_run = models.ForeignKey(ForecastRun, on_delete=models.PROTECT, related_name="+")
    log_index = models.BigIntegerField(help_text="DECISION entry")
    published_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["zone", "slot", "version"], name="price_signal_once")]

    def __str__(self) -> str:
        return f"{self.zone_id} slot {self.slot} v{self.version}: {self.price}"
