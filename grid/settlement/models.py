"""Settlement runs: roots and rows as posted, statements as served to members."""

from django.db import models

from grid.accounts.models import Account, Zone
from grid.chain.models import ChainTx
from grid.metering.models import MeteringPoint
from grid.pricing.models import Profile
from grid.records.models import Checkpoint


class RunState(models.TextChoices):
    COMPUTED = "computed", "Computed, waits for its checkpoint"
    POSTING = "posting", "Sent to the contract"
    POSTED = "posted", "Posted, can be disputed"
    FINAL = "final", "Final"
    REJECTED = "rejected", "Refused by the contract"


class SettlementRun(models.Model):
    """One UTC day of one zone; sequence 0 is the initial run, later ones correct it."""

    zone = models.ForeignKey(Zone, on_delete=models.PROTECT, related_name="runs")
    day = models.IntegerField(help_text="days since 1970-01-01")
    sequence = models.PositiveSmallIntegerField(default=0)
    mode = models.CharField(max_length=8, default="ex_ante")
    profile = models.ForeignKey(Profile, on_delete=models.PROTECT)
    log_size = models.BigIntegerField(help_text="every cited entry has a lower index")
    checkpoint = models.ForeignKey(Checkpoint, on_delete=models.PROTECT, null=True)
    points_root = models.BinaryField(max_length=32)
    headers_root = models.BinaryField(max_length=32)
    rows_root = models.BinaryField(max_length=32)
    point_count = models.PositiveIntegerField()
    headers = models.BinaryField(help_text="96 header leaves, packed")
    dust = models.BigIntegerField()
    bought_wh = models.BigIntegerField()
    sold_wh = models.BigIntegerField()
    state = models.CharField(max_length=8, choices=RunState.choices, default=RunState.COMPUTED)
    chain_tx = models.OneToOneField(ChainTx, on_delete=models.PROTECT, null=True)
    created_at = models.DateTimeField()
    posted_at = models.DateTimeField(null=True)
    final_at = models.DateTimeField(null=True, help_text="end of the challenge window on chain")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["zone", "day", "sequence"], name="run_once")]
        indexes = [models.Index(fields=["state", "zone", "day"], name="run_state")]

    def __str__(self) -> str:
        return f"{self.zone} day {self.day}/{self.sequence}"


class RunRow(models.Model):
    """An account's net of the day, in posting order; system accounts included."""

    run = models.ForeignKey(SettlementRun, on_delete=models.PROTECT, related_name="rows")
    position = models.PositiveSmallIntegerField()
    address = models.CharField(max_length=42)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="run_rows")
    day_net = models.BigIntegerField(help_text="token units; positive is a credit")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "position"], name="run_row_position"),
            models.UniqueConstraint(fields=["run", "address"], name="run_row_address"),
        ]

    def __str__(self) -> str:
        return f"{self.address}: {self.day_net}"


class PointStatement(models.Model):
    """A point's 96 lines of one run, and its leaf in the run's points tree."""

    run = models.ForeignKey(SettlementRun, on_delete=models.PROTECT, related_name="statements")
    point = models.ForeignKey(MeteringPoint, on_delete=models.PROTECT, related_name="statements")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="statements")
    position = models.PositiveSmallIntegerField(help_text="leaf of the points tree")
    day_net = models.BigIntegerField()
    lines_root = models.BinaryField(max_length=32)
    salt = models.BinaryField(max_length=32)
    lines = models.BinaryField(help_text="96 line leaves, packed, AES-256-GCM under the point's log key")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "point"], name="statement_once"),
            models.UniqueConstraint(fields=["run", "position"], name="statement_position"),
        ]

    def __str__(self) -> str:
        return f"{self.point} in {self.run}"
