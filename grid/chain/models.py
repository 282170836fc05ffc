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
    """One intended call. `business_key` makes it happen at most once, whoever asks twice."""

    business_key = models.CharField(max_length=200, unique=True)
    sender = models.CharField(max_length=32, help_text="key name: poster, anchorer, relayer, ...")
    contract = models.CharField(max_length=64)
    function = models.CharField(max_length=64)
    args = models.JSONField(help_text="integers as numbers, bytes and addresses as 0x hex")
    nonce = models.BigIntegerField(null=True)
    raw = models.BinaryField(null=True, help_text="signed bytes, stored before broadcast")
    tx_hash = models.CharField(max_length=66, null=True, unique=True)  # noqa: DJ001 - unique, so absent is NULL
    attempts = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=16, choices=ChainTxState.choices, default=ChainTxState.QUEUED)
    block_number = models.BigIntegerField(null=True)
    block_hash = models.CharField(max_length=66, blank=True)
    block_timestamp = models.BigIntegerField(null=True)
    gas_used = models.BigIntegerField(null=True)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sender", "nonce"], name="chain_tx_nonce_once")]
        indexes = [models.Index(fields=["state", "id"], name="chain_tx_state")]

    def __str__(self) -> str:
        return f"{self.business_key} ({self.state})"


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
