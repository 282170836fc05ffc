"""People, what they may do, and the trading accounts they own."""

import uuid

from django.contrib.auth.models import AbstractUser
from django.db import models


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
