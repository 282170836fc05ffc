"""What leads to a registered meter and a binding, and what a person later changes: claims, keys, exchanges, edits."""

import uuid

from django.conf import settings
from django.db import models

from grid.accounts.models import Account, Zone
from grid.domain.lifecycle import ApplicationState, ProposalState

_PERSON = settings.AUTH_USER_MODEL


def _choices(states: type[ApplicationState] | type[ProposalState]) -> list[tuple[str, str]]:
    return [(state.value, state.value) for state in states]


class ClaimCode(models.Model):
    """A code that an installer types into a new meter: good once and for a short time. Only its hash is kept."""

    zone = models.ForeignKey(Zone, on_delete=models.PROTECT, related_name="claim_codes")
    code_hash = models.BinaryField(max_length=32, unique=True)
    note = models.CharField(max_length=120, blank=True)
    created_by = models.ForeignKey(_PERSON, on_delete=models.PROTECT)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"claim code {self.pk} of {self.zone}"


class Application(models.Model):
    """A meter that asks to be registered: by a claim code, or as a row of a bulk upload (no code)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    zone = models.ForeignKey(Zone, on_delete=models.PROTECT, related_name="applications")
    claim = models.OneToOneField(ClaimCode, on_delete=models.PROTECT, null=True, related_name="application")
    serial = models.CharField(max_length=64)
    suite = models.CharField(max_length=24)
    public_key = models.BinaryField(help_text="compressed SEC 1 point")
    vendor = models.CharField(max_length=64, blank=True)
    model = models.CharField(max_length=64, blank=True)
    register_modulus_wh = models.BigIntegerField(default=10**9)
    state = models.CharField(max_length=8, choices=_choices(ApplicationState), default=ApplicationState.PENDING.value)
    reason = models.CharField(max_length=500, blank=True, help_text="why it was refused")
    asked_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(_PERSON, on_delete=models.PROTECT, null=True)
    meter = models.ForeignKey("metering.Meter", on_delete=models.PROTECT, null=True, related_name="applications")

    def __str__(self) -> str:
        return f"{self.serial}: {self.state}"


class MeterEventKind(models.TextChoices):
    REGISTERED = "registered", "Registered"
    KEY_ROTATED = "key_rotated", "New key, signed by the old one"
    KEY_REPLACED = "key_replaced", "New key, by the operator"
    REVOKED = "revoked", "Revoked"
    REMOVED = "removed", "Taken out for another meter"
    INSTALLED = "installed", "Put in for another meter"
    DECOMMISSIONED = "decommissioned", "Decommissioned"


class MeterEvent(models.Model):
    """What happened to a meter: append-only."""

    meter = models.ForeignKey("metering.Meter", on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(max_length=16, choices=MeterEventKind.choices)
    at = models.DateTimeField()
    by = models.ForeignKey(_PERSON, on_delete=models.PROTECT, null=True, help_text="none for the meter itself")
    reason = models.CharField(max_length=500, blank=True)
    log_index = models.BigIntegerField(null=True, help_text="KEY or DECISION entry")

    def __str__(self) -> str:
        return f"{self.meter_id} {self.kind}"


class BindingProposal(models.Model):
    """A binding that waits for the member's signature. `handover` makes it the exchange of a meter."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    point = models.ForeignKey("metering.MeteringPoint", on_delete=models.PROTECT, related_name="proposals")
    meter = models.ForeignKey("metering.Meter", on_delete=models.PROTECT, related_name="proposals")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="proposals")
    reversed = models.BooleanField(default=False)
    multiplier_num = models.PositiveIntegerField(default=1)
    multiplier_den = models.PositiveIntegerField(default=1)
    from_day = models.IntegerField(help_text="days since 1970-01-01")
    to_day = models.IntegerField(null=True)
    correction = models.BooleanField(default=False, help_text="reaches into closed slots")
    handover = models.JSONField(null=True, help_text="second of the exchange and the registers read by hand")
    reason = models.CharField(max_length=500, blank=True)
    state = models.CharField(max_length=9, choices=_choices(ProposalState), default=ProposalState.OPEN.value)
    proposed_by = models.ForeignKey(_PERSON, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    decided_by = models.ForeignKey(_PERSON, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    binding = models.OneToOneField("metering.Binding", on_delete=models.PROTECT, null=True, related_name="proposal")

    def __str__(self) -> str:
        return f"{self.point} by {self.meter} from day {self.from_day}: {self.state}"


class Exchange(models.Model):
    """One meter followed another at a point. Registers are those read by hand, Wh. Append-only."""

    point = models.ForeignKey("metering.MeteringPoint", on_delete=models.PROTECT, related_name="exchanges")
    old = models.ForeignKey("metering.Binding", on_delete=models.PROTECT, related_name="+")
    new = models.OneToOneField("metering.Binding", on_delete=models.PROTECT, related_name="exchange")
    at = models.BigIntegerField(help_text="unix seconds, UTC")
    old_import_wh = models.BigIntegerField()
    old_export_wh = models.BigIntegerField()
    new_import_wh = models.BigIntegerField()
    new_export_wh = models.BigIntegerField()
    log_index = models.BigIntegerField(help_text="DECISION entry")
    recorded_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.point_id} at {self.at}"


class BulkUpload(models.Model):
    """A CSV of meters, tried or applied, with its report row by row."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    zone = models.ForeignKey(Zone, on_delete=models.PROTECT, related_name="uploads")
    name = models.CharField(max_length=120)
    text = models.TextField()
    all_or_nothing = models.BooleanField(default=True)
    by = models.ForeignKey(_PERSON, on_delete=models.PROTECT)
    at = models.DateTimeField()
    applied_at = models.DateTimeField(null=True)
    report = models.JSONField()

    def __str__(self) -> str:
        return f"{self.name} of {self.at}"


class ExceptionState(models.TextChoices):
    OPEN = "open", "Open"
    EDITED = "edited", "Edited"
    ACCEPTED = "accepted", "Accepted as it is"
    CLEARED = "cleared", "Cleared by later readings"


class SlotException(models.Model):
    """Slots of a point that broke a validation rule, for a person to look at."""

    point = models.ForeignKey("metering.MeteringPoint", on_delete=models.PROTECT, related_name="slot_exceptions")
    rule = models.CharField(max_length=16)
    first_slot = models.BigIntegerField()
    last_slot = models.BigIntegerField()
    found = models.CharField(max_length=200)
    raised_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=ExceptionState.choices, default=ExceptionState.OPEN)
    reason = models.CharField(max_length=500, blank=True)
    decided_by = models.ForeignKey(_PERSON, on_delete=models.PROTECT, null=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["point", "rule", "first_slot"], name="slot_exception_once")]
        indexes = [models.Index(fields=["state", "raised_at"], name="slot_exception_state")]

    def __str__(self) -> str:
        return f"{self.point_id} {self.rule} from slot {self.first_slot}"


class VeeProgress(models.Model):
    """How far a zone's closed slots have been validated."""

    zone = models.OneToOneField(Zone, on_delete=models.PROTECT, primary_key=True)
    next_slot = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.zone_id} to {self.next_slot}"


class IntervalEdit(models.Model):
    """Energy that a person wrote down: the signed statement of who, why and what. Append-only."""

    point = models.ForeignKey("metering.MeteringPoint", on_delete=models.PROTECT, related_name="edits")
    first_slot = models.BigIntegerField()
    last_slot = models.BigIntegerField()
    method = models.CharField(max_length=16)
    reason = models.CharField(max_length=500)
    by = models.ForeignKey(_PERSON, on_delete=models.PROTECT)
    at = models.DateTimeField()
    statement = models.BinaryField(help_text="canonical JSON")
    signature = models.BinaryField(help_text="Ed25519 of the platform, over the statement")
    log_index = models.BigIntegerField(help_text="DECISION entry, whose content is the statement")

    def __str__(self) -> str:
        return f"{self.point_id} slots {self.first_slot} to {self.last_slot}: {self.method}"
