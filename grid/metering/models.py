"""Metering points, meters and their keys, and what they sent."""

import uuid

from django.db import models

from grid.accounts.models import Account, Zone
from grid.metering.lifecycle_models import (
    Application,
    BindingProposal,
    BulkUpload,
    ClaimCode,
    ExceptionState,
    Exchange,
    IntervalEdit,
    MeterEvent,
    MeterEventKind,
    SlotException,
    VeeProgress,
)

__all__ = [
    "Application",
    "Binding",
    "BindingProposal",
    "BulkUpload",
    "ClaimCode",
    "Envelope",
    "ExceptionState",
    "Exchange",
    "Interval",
    "IntervalEdit",
    "KeySuite",
    "Meter",
    "MeterEvent",
    "MeterEventKind",
    "MeterKey",
    "MeterState",
    "MeteringPoint",
    "PointKind",
    "Quality",
    "Register",
    "SlotClose",
    "SlotException",
    "VeeProgress",
]


class PointKind(models.TextChoices):
    MEMBER = "member", "Member"
    FEEDER = "feeder", "Feeder"


class MeteringPoint(models.Model):
    """Where energy is measured. Members' points trade; the feeder's point checks their sum."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    zone = models.ForeignKey(Zone, on_delete=models.PROTECT, related_name="points")
    kind = models.CharField(max_length=8, choices=PointKind.choices, default=PointKind.MEMBER)
    name = models.CharField(max_length=120)
    fuse_w = models.PositiveIntegerField(help_text="connection limit in watts, import and export")
    pv_peak_w = models.PositiveIntegerField(default=0)
    registered_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name

    @property
    def word(self) -> bytes:
        """The point's id as the 32-byte word used in leaves."""
        return self.id.int.to_bytes(32, "big")


class MeterState(models.TextChoices):
    ACTIVE = "active", "Active"
    REVOKED = "revoked", "Revoked"
    REMOVED = "removed", "Taken out"
    DECOMMISSIONED = "decommissioned", "Decommissioned"


class Meter(models.Model):
    """A device with a serial number; its registers wrap at `register_modulus_wh`."""

    serial = models.CharField(max_length=64, unique=True)
    vendor = models.CharField(max_length=64)
    model = models.CharField(max_length=64)
    register_modulus_wh = models.BigIntegerField(default=10**9)
    state = models.CharField(max_length=14, choices=MeterState.choices, default=MeterState.ACTIVE)
    last_counter = models.BigIntegerField(default=0)
    last_seen_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.serial


class KeySuite(models.TextChoices):
    P256 = "ECDSA-secp256r1-SHA256", "P-256"
    SECP256K1 = "ECDSA-secp256k1-SHA256", "secp256k1"


class MeterKey(models.Model):
    """A public key of a meter, good from one counter to another (end exclusive)."""

    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, related_name="keys")
    suite = models.CharField(max_length=24, choices=KeySuite.choices)
    public_key = models.BinaryField(help_text="compressed SEC 1 point")
    from_counter = models.BigIntegerField(default=1)
    to_counter = models.BigIntegerField(null=True)
    log_index = models.BigIntegerField(null=True, help_text="KEY entry")

    def __str__(self) -> str:
        return f"{self.meter} from {self.from_counter}"


class Binding(models.Model):
    """Which meter and which account a point has, from a UTC day to another (end exclusive)."""

    point = models.ForeignKey(MeteringPoint, on_delete=models.PROTECT, related_name="bindings")
    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, related_name="bindings")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="bindings", null=True)
    reversed = models.BooleanField(default=False)
    multiplier_num = models.PositiveIntegerField(default=1)
    multiplier_den = models.PositiveIntegerField(default=1)
    from_day = models.IntegerField(help_text="days since 1970-01-01")
    to_day = models.IntegerField(null=True)
    co_signature = models.BinaryField(help_text="EIP-712 signature of the member's account")
    previous = models.ForeignKey("self", on_delete=models.PROTECT, null=True)
    log_index = models.BigIntegerField(null=True, help_text="BINDING entry")
    recorded_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.point} by {self.meter} from day {self.from_day}"


class Envelope(models.Model):
    """A signed record as sent, byte for byte (compressed, encrypted). Also kept when it forks."""

    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, related_name="envelopes")
    counter = models.BigIntegerField()
    sha256 = models.BinaryField(max_length=32)
    sealed = models.BinaryField(help_text="zlib then AES-256-GCM under the point's log key")
    key_scope = models.UUIDField()
    key_period = models.DateField()
    received_at = models.DateTimeField()
    log_index = models.BigIntegerField(null=True, help_text="READING entry; none on a fork")
    fork = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["meter", "counter", "sha256"], name="envelope_once"),
            models.UniqueConstraint(
                fields=["meter", "counter"], condition=models.Q(fork=False), name="envelope_counter_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.meter} #{self.counter}"


class Register(models.Model):
    """A cumulative register reading at an instant: projection of accepted envelopes."""

    pk = models.CompositePrimaryKey("meter_id", "at")
    meter = models.ForeignKey(Meter, on_delete=models.PROTECT)
    at = models.BigIntegerField(help_text="unix seconds, UTC")
    import_wh = models.BigIntegerField()
    export_wh = models.BigIntegerField()
    synchronised = models.BooleanField()
    envelope = models.ForeignKey(Envelope, on_delete=models.PROTECT, db_index=False)

    def __str__(self) -> str:
        return f"{self.meter_id} at {self.at}"


class Quality(models.IntegerChoices):
    """Quality as INTERVAL entries say it (`grid.domain.registers.Quality`)."""

    VALID = 0, "Valid"
    EDITED = 7, "Written down by a person"
    REFERENCE = 8, "Estimated from reference days"
    ESTIMATED = 9, "Estimated by interpolation"
    MISSING = 10, "Missing"


class Interval(models.Model):
    """Energy of one point in one slot, one row per version: projection of INTERVAL entries."""

    pk = models.CompositePrimaryKey("point_id", "slot", "version")
    point = models.ForeignKey(MeteringPoint, on_delete=models.PROTECT)
    slot = models.BigIntegerField()
    version = models.PositiveSmallIntegerField(default=0)
    import_wh = models.BigIntegerField()
    export_wh = models.BigIntegerField()
    quality = models.PositiveSmallIntegerField(choices=Quality.choices)
    log_index = models.BigIntegerField()
    known_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["slot"], name="interval_slot")]

    def __str__(self) -> str:
        return f"{self.point_id} slot {self.slot} v{self.version}"


class SlotClose(models.Model):
    """How far a zone's slots have been closed: every slot before `next_slot` has its INTERVALs."""

    zone = models.OneToOneField(Zone, on_delete=models.PROTECT, primary_key=True)
    next_slot = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.zone_id} to {self.next_slot}"
