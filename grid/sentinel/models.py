"""Flags on readings and the holds they place."""

from django.db import models

from grid.accounts.models import Zone
from grid.metering.models import MeteringPoint


class Rule(models.TextChoices):
    REGISTER_FELL = "register_fell", "Register fell"
    OVER_CAPACITY = "over_capacity", "More energy than the connection can carry"
    COUNTER_GAP = "counter_gap", "Records missing in the counter"
    COUNTER_FORK = "counter_fork", "Two records with the same counter"
    ZONE_BALANCE = "zone_balance", "Members do not add up to the feeder"


class Flag(models.Model):
    """A broken rule, as a DECISION entry; once per rule, point (or zone) and slot."""

    zone = models.ForeignKey(Zone, on_delete=models.PROTECT, related_name="flags")
    point = models.ForeignKey(MeteringPoint, on_delete=models.PROTECT, null=True, related_name="flags")
    rule = models.CharField(max_length=24, choices=Rule.choices)
    slot = models.BigIntegerField()
    details = models.JSONField()
    log_index = models.BigIntegerField()
    raised_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["zone", "point", "rule", "slot"], nulls_distinct=False, name="flag_once")
        ]

    def __str__(self) -> str:
        return f"{self.get_rule_display()}: {self.point or self.zone} slot {self.slot}"


class Hold(models.Model):
    """A slot of a point kept out of local settlement until its flag is cleared or times out."""

    flag = models.ForeignKey(Flag, on_delete=models.PROTECT, related_name="holds")
    point = models.ForeignKey(MeteringPoint, on_delete=models.PROTECT, related_name="holds")
    slot = models.BigIntegerField()
    log_index = models.BigIntegerField(help_text="DECISION entry of the hold")
    ends_at = models.DateTimeField(help_text="ends by itself in the member's favour")
    released_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["point", "slot"], name="hold_once")]

    def __str__(self) -> str:
        return f"{self.point} slot {self.slot}"


class WatchCursor(models.Model):
    """How far a zone has been watched: slots before `next_slot`, records up to `last_envelope`, and the log
    up to `log_size`, in which earlier slots may have got new versions since.
    """

    zone = models.OneToOneField(Zone, on_delete=models.PROTECT, primary_key=True)
    next_slot = models.BigIntegerField(default=0)
    last_envelope = models.BigIntegerField(default=0, help_text="primary key of an envelope")
    log_size = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.zone_id} to {self.next_slot}"
