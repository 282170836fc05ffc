"""People, what they may do, and the trading accounts they own."""

import uuid
from datetime import datetime

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _


class User(AbstractUser):
    """A person who signs in. What they may do stands in `RoleGrant` and `AccountMember`."""

    display_name = models.CharField(max_length=120, blank=True)

    def __str__(self) -> str:
        return self.display_name or self.username


class Community(models.Model):
    """A group of members that trades under one rule book (jurisdiction profile)."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=120)
    time_zone = models.CharField(max_length=64)
    currency = models.CharField(max_length=3)
    country = models.CharField(max_length=2)
    minimum_membership = models.PositiveIntegerField(default=5)

    class Meta:
        verbose_name_plural = "communities"

    def __str__(self) -> str:
        return self.name


class Zone(models.Model):
    """The part of a community behind one feeder; the unit of price, auction and settlement."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    community = models.ForeignKey(Community, on_delete=models.PROTECT, related_name="zones")
    name = models.CharField(max_length=120)
    feeder_rating_w = models.PositiveIntegerField()
    latitude = models.FloatField()
    longitude = models.FloatField()

    def __str__(self) -> str:
        return self.name

    @property
    def word(self) -> bytes:
        """The zone's id as the 32-byte word used in leaves and on chain."""
        return self.id.int.to_bytes(32, "big")


class Role(models.TextChoices):
    OPERATOR = "operator", "Utility operator"
    METER_DATA_RESPONSIBLE = "meter_data_responsible", "Meter-data responsible"
    ARBITER = "arbiter", "Arbiter"
    AUDITOR = "auditor", "Auditor"
    THIRD_PARTY = "third_party", "Third party"


class RoleGrant(models.Model):
    """A role of a person in one community. Prosumers need none: they own accounts."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="role_grants")
    community = models.ForeignKey(Community, on_delete=models.CASCADE, related_name="role_grants")
    role = models.CharField(max_length=32, choices=Role.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "community", "role"], name="role_grant_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.get_role_display()} of {self.community}"


class Account(models.Model):
    """A trading account: the 20-byte id on chain, and the ERC-7913 signer behind it."""

    address = models.CharField(max_length=42, unique=True, help_text="0x and 40 lower-case hex digits")
    signer = models.BinaryField(max_length=256)
    community = models.ForeignKey(Community, on_delete=models.PROTECT, related_name="accounts")
    label = models.CharField(max_length=120, help_text="shown to its owner; never leaves the database")
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.label


class AccountRight(models.TextChoices):
    OWNER = "owner", "Owner"
    VIEWER = "viewer", "Viewer"


class AccountMember(models.Model):
    """Who may see an account (viewer) or act for it (owner)."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="members")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="account_memberships")
    right = models.CharField(max_length=16, choices=AccountRight.choices)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "user"], name="account_member_once")]

    def __str__(self) -> str:
        return f"{self.user}: {self.right} of {self.account}"


class DataSet(models.TextChoices):
    """What a consent opens; each is asked for and given by itself."""

    INTERVALS = "intervals", _("Readings")
    STATEMENTS = "statements", _("Statements")
    FORECASTS = "forecasts", _("Forecasts")


class Purpose(models.TextChoices):
    """What a third party says it needs the data for."""

    ADVICE = "advice", _("Energy advice")
    BILL_CHECK = "bill_check", _("Checking of bills")
    FLEXIBILITY = "flexibility", _("Control of devices")
    RESEARCH = "research", _("Research")


class Consent(models.Model):
    """An account's leave to a third party: one data set, one purpose, a range of days, an end.

    It is never edited: what changes is a new consent, and `revoked_at` ends one at once.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="consents")
    grantee = models.ForeignKey(User, on_delete=models.PROTECT, related_name="consents_received")
    purpose = models.CharField(max_length=16, choices=Purpose.choices)
    data_set = models.CharField(max_length=16, choices=DataSet.choices)
    from_day = models.IntegerField(help_text="first UTC day of data, days since 1970-01-01")
    to_day = models.IntegerField(null=True, help_text="first day no longer covered; none for an open range")
    given_at = models.DateTimeField()
    given_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="consents_given")
    ends_at = models.DateTimeField(help_text="the consent itself ends then")
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["grantee", "account"], name="consent_grantee")]

    def __str__(self) -> str:
        return f"{self.account} to {self.grantee}: {self.data_set}"

    def stands(self, now: datetime) -> bool:
        """Whether it opens anything at this moment."""
        return self.revoked_at is None and self.given_at <= now < self.ends_at

    def covers_day(self, day: int) -> bool:
        """Whether data of a UTC day is among what it opens."""
        return self.from_day <= day and (self.to_day is None or day < self.to_day)


class Via(models.TextChoices):
    """By which right somebody who is no member of an account read its data."""

    CONSENT = "consent", _("Consent")
    ROLE = "role", _("Role")


class Access(models.Model):
    """One look at an account's data by somebody who is no member of it; its members read this log."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="accesses")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="accesses")
    via = models.CharField(max_length=8, choices=Via.choices)
    consent = models.ForeignKey(Consent, on_delete=models.PROTECT, null=True, related_name="accesses")
    data_set = models.CharField(max_length=16, choices=DataSet.choices)
    what = models.CharField(max_length=120, help_text="the range or file, in words that name nobody")
    at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "accesses"
        indexes = [models.Index(fields=["account", "-at"], name="access_of_account")]

    def __str__(self) -> str:
        return f"{self.user} read {self.data_set} of {self.account_id} at {self.at:%Y-%m-%d %H:%M}"


class Scope(models.TextChoices):
    """What a token may be used for; never more than its owner may do."""

    READ = "read", _("Read points, readings, statements and forecasts")
    CASES = "cases", _("Download case files")
    WATCH = "watch", _("Report what a watcher found")


class ApiToken(models.Model):
    """A secret by which a program acts for a person. Only its hash is kept."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=80)
    digest = models.BinaryField(max_length=32, unique=True, help_text="SHA-256 of the secret")
    hint = models.CharField(max_length=12, help_text="its first characters, to tell tokens apart")
    scopes = models.JSONField()
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.name} of {self.user}"

    def stands(self, now: datetime) -> bool:
        """Whether it is accepted at this moment."""
        return self.revoked_at is None and now < self.expires_at


class WatchReport(models.Model):
    """What an account's watcher said when it last looked: the portal shows it, and proves nothing by it."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="watch_reports")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="watch_reports")
    checked_at = models.DateTimeField()
    log_size = models.BigIntegerField()
    statements = models.PositiveIntegerField(help_text="statements checked since the watcher's state began")
    alerts = models.JSONField(default=list, help_text="what did not hold, in the watcher's words")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "user"], name="watch_report_once")]

    def __str__(self) -> str:
        return f"{self.account_id} watched by {self.user} at {self.checked_at:%Y-%m-%d %H:%M}"
