"""What we asked of the chain (outbox) and what it did (blocks, events)."""

from django.db import models


class ChainTxState(models.TextChoices):
    QUEUED = "queued", "Queued"
    SIGNED = "signed", "Signed, to be broadcast"
    SENT = "sent", "Broadcast"
    MINED = "mined", "Mined, not yet deep enough"
    FINAL = "final", "Confirmed"
    REVERTED = "reverted", "Reverted by the contract"
    DEAD = "dead", "Given up, needs a person"


class ChainTx(models.Model):
    """One intended call. `business_key` makes it happen at most once, whoever asks twice.

    A row without contract and function fills a nonce: its key sends itself nothing.
    """

    business_key = models.CharField(max_length=200, unique=True)
    sender = models.CharField(max_length=32, help_text="key name: poster, anchorer, relayer, ...")
    contract = models.CharField(max_length=64)
    function = models.CharField(max_length=64)
    args = models.JSONField(help_text="integers as numbers, bytes and addresses as 0x hex")
    address = models.CharField(max_length=42, blank=True, help_text="whose nonce it has: the key that signed")
    nonce = models.BigIntegerField(null=True)
    raw = models.BinaryField(null=True, help_text="signed bytes, stored before broadcast")
    # Of the version broadcast last, or of the one that was mined.
    tx_hash = models.CharField(max_length=66, null=True, unique=True)  # noqa: DJ001 - unique, so absent is NULL
    attempts = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=16, choices=ChainTxState.choices, default=ChainTxState.QUEUED)
    block_number = models.BigIntegerField(null=True)
    block_hash = models.CharField(max_length=66, blank=True)
    block_timestamp = models.BigIntegerField(null=True)
    gas_used = models.BigIntegerField(null=True)
    confirmed_at = models.DateTimeField(
        null=True, help_text="when its block was deep enough; what vanishes later halts"
    )
    replans = models.PositiveIntegerField(default=0, help_text="how often a foreign transaction took its nonce")
    error = models.TextField(blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["address", "nonce"], condition=~models.Q(address=""), name="chain_tx_nonce_once"
            )
        ]
        indexes = [models.Index(fields=["state", "id"], name="chain_tx_state")]

    def __str__(self) -> str:
        return f"{self.business_key} ({self.state})"


class ChainAttempt(models.Model):
    """One signed version of a transaction. Versions of one nonce differ in fees; any of them may be mined."""

    tx = models.ForeignKey(ChainTx, on_delete=models.CASCADE, related_name="versions")
    address = models.CharField(max_length=42)
    nonce = models.BigIntegerField()
    tx_hash = models.CharField(max_length=66, unique=True)
    raw = models.BinaryField()
    gas = models.BigIntegerField()
    max_fee = models.BigIntegerField(help_text="wei per gas, tip included")
    priority_fee = models.BigIntegerField(help_text="wei per gas")
    made_at = models.DateTimeField()
    broadcast_at = models.DateTimeField(null=True, help_text="when it was handed to a node first")
    outcome = models.CharField(
        max_length=16, blank=True, help_text="mined; replaced by another version; lost to others"
    )

    class Meta:
        indexes = [models.Index(fields=["address", "nonce"], name="chain_attempt_nonce")]

    def __str__(self) -> str:
        return f"{self.tx_hash} (nonce {self.nonce})"


class ChainOwner(models.Model):
    """Who may write under a name: the process that took the newest token."""

    name = models.CharField(max_length=64, primary_key=True)
    token = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.name} #{self.token}"


class ChainHalt(models.Model):
    """The market stands still because the chain took back what was final, until a person resumes it."""

    reason = models.TextField()
    since = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.CharField(max_length=150, blank=True)
    note = models.TextField(blank=True, help_text="why it was safe to go on")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["resolved_at"], nulls_distinct=False, name="chain_halt_one_open")
        ]

    def __str__(self) -> str:
        return f"{self.since}: {self.reason}"


class Block(models.Model):
    """A block we have indexed; its hash tells a reorganisation."""

    number = models.BigIntegerField(primary_key=True)
    hash = models.CharField(max_length=66, unique=True)
    timestamp = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.number}"


class ChainEvent(models.Model):
    """A contract event in an indexed block; deleted with the block when the chain drops it."""

    block = models.ForeignKey(Block, on_delete=models.CASCADE, related_name="events")
    log_index = models.PositiveIntegerField()
    tx_hash = models.CharField(max_length=66)
    contract = models.CharField(max_length=64)
    name = models.CharField(max_length=64)
    args = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["block", "log_index"], name="chain_event_once")]
        indexes = [models.Index(fields=["contract", "name"], name="chain_event_name")]

    def __str__(self) -> str:
        return f"{self.contract}.{self.name} @ {self.block_id}"
