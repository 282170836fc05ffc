"""Metering points, meters and their keys, and what they sent."""

import uuid

from django.db import connection, models

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
    "RegisterBlock",
    "SlotClose",
    "SlotException",
    "VeeProgress",
    "ZoneSlot",
]


class PointKind(models.TextChoices):
    MEMBER = "member", "Member"
    FEEDER = "feeder", "Feeder"


def next_point_number() -> int:
    """Take the next number for a metering point; a number taken in vain is never given again."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('metering_point_number')")
        (number,) = cursor.fetchone()
    return int(number)


class MeteringPoint(models.Model):
    """Where energy is measured. Members' points trade; the feeder's point checks their sum.

    `number` stands for the point in this database's own tables, where sixteen bytes a row would be many; it
    means nothing outside.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    number = models.IntegerField(unique=True, default=next_point_number, editable=False)
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
    registry_version = models.BigIntegerField(
        default=0, editable=False, help_text="rises with every change of the meter, its keys or bindings, by trigger"
    )

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


class RegisterBlock(models.Model):
    """The register readings that an accepted envelope was the first to bring: a projection, one row per envelope.

    `packed` is of `grid.metering.packing`; an envelope that brought nothing new has no row.
    """

    envelope = models.OneToOneField(Envelope, on_delete=models.PROTECT, primary_key=True, db_constraint=False)
    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, db_index=False, db_constraint=False)
    first_at = models.BigIntegerField(help_text="unix seconds, UTC")
    last_at = models.BigIntegerField()
    log_index = models.BigIntegerField(help_text="READING entry of the envelope")
    packed = models.BinaryField()

    class Meta:
        indexes = [
            models.Index(fields=["meter", "last_at"], name="register_block_last"),
            models.Index(fields=["meter", "first_at"], name="register_block_first"),
        ]

    def __str__(self) -> str:
        return f"{self.meter_id} from {self.first_at} to {self.last_at}"


class Quality(models.IntegerChoices):
    """Quality as INTERVAL entries say it (`grid.domain.registers.Quality`)."""

    VALID = 0, "Valid"
    EDITED = 7, "Written down by a person"
    REFERENCE = 8, "Estimated from reference days"
    ESTIMATED = 9, "Estimated by interpolation"
    MISSING = 10, "Missing"


class Interval(models.Model):
    """Energy of one point in one slot, one row per version: projection of INTERVAL entries.

    `point_id` is the point's number. Fixed-width columns from wide to narrow, so that no row is padded, and a
    key that begins with the slot: slots are written in the order of time, so the index grows at its end.
    The sums in ZoneSlot follow every change of this table by a trigger, in the same statement.
    Not constrained to existing points: a check per row would cost more than the row.
    """

    pk = models.CompositePrimaryKey("slot", "point_id", "version")
    log_index = models.BigIntegerField()
    known_at = models.DateTimeField()
    slot = models.IntegerField()
    point = models.ForeignKey(
        MeteringPoint, on_delete=models.PROTECT, to_field="number", db_constraint=False, db_index=False
    )
    import_wh = models.IntegerField()
    export_wh = models.IntegerField()
    version = models.SmallIntegerField(default=0)
    quality = models.SmallIntegerField(choices=Quality.choices)

    def __str__(self) -> str:
        return f"{self.point_id} slot {self.slot} v{self.version}"


class ZoneSlot(models.Model):
    """What the newest versions of a zone's intervals in one slot add up to: projection of `Interval`.

    Kept by the database itself, never written by services. `estimated` and `missing` count members' intervals
    of those qualities, `feeders_unread` the feeders' that are not VALID. Every version of them has a log index
    below `log_size` and was known at `known_at`.
    """

    pk = models.CompositePrimaryKey("zone_id", "slot")
    zone = models.ForeignKey(Zone, on_delete=models.PROTECT, db_constraint=False, db_index=False)
    import_wh = models.BigIntegerField()
    export_wh = models.BigIntegerField()
    feeder_import_wh = models.BigIntegerField()
    feeder_export_wh = models.BigIntegerField()
    log_size = models.BigIntegerField()
    known_at = models.DateTimeField()
    slot = models.IntegerField()
    members = models.IntegerField()
    estimated = models.IntegerField()
    missing = models.IntegerField()
    feeders = models.IntegerField()
    feeders_unread = models.IntegerField()

    def __str__(self) -> str:
        return f"{self.zone_id} slot {self.slot}"


class SlotClose(models.Model):
    """How far a zone's slots have been closed: every slot before `next_slot` has its INTERVALs."""

    zone = models.OneToOneField(Zone, on_delete=models.PROTECT, primary_key=True)
    next_slot = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.zone_id} to {self.next_slot}"
