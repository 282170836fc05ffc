"""Forecast runs and their quantiles."""

from django.db import models

from grid.accounts.models import Zone
from grid.metering.models import MeteringPoint


class Target(models.TextChoices):
    IMPORT = "import", "Import"
    EXPORT = "export", "Export"


class ForecastState(models.TextChoices):
    PENDING = "pending", "Pending"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"


class ForecastRun(models.Model):
    """One forecast of one series: a zone's total (no point) or one point, import or export.

    The row is the queue: it is claimed by a conditional update of `state`.
    """

    zone = models.ForeignKey(Zone, on_delete=models.PROTECT, related_name="forecast_runs")
    point = models.ForeignKey(MeteringPoint, on_delete=models.PROTECT, null=True, related_name="forecast_runs")
    target = models.CharField(max_length=8, choices=Target.choices)
    cutoff = models.DateTimeField(help_text="only what was known then was used")
    from_slot = models.BigIntegerField()
    to_slot = models.BigIntegerField(help_text="exclusive")
    model = models.CharField(max_length=64, blank=True)
    fallback_reason = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=8, choices=ForecastState.choices, default=ForecastState.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    claimed_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)
    log_size = models.BigIntegerField(null=True, help_text="size of the log the inputs were read at")
    input_hash = models.BinaryField(max_length=32, null=True)
    log_index = models.BigIntegerField(null=True, help_text="DECISION entry")
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["zone", "point", "target", "cutoff"], nulls_distinct=False, name="forecast_run_once"
            )
        ]
        indexes = [models.Index(fields=["state", "id"], name="forecast_run_state")]

    def __str__(self) -> str:
        return f"{self.point or self.zone} {self.target} {self.cutoff:%Y-%m-%d %H:%M}"


class ForecastPoint(models.Model):
    """Quantiles of one slot's energy, Wh."""

    pk = models.CompositePrimaryKey("run_id", "slot")
    run = models.ForeignKey(ForecastRun, on_delete=models.CASCADE, related_name="points")
    slot = models.BigIntegerField()
    p10_wh = models.BigIntegerField()
    p50_wh = models.BigIntegerField()
    p90_wh = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.run_id} slot {self.slot}"
