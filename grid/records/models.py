"""The immutable log: entries, tiles of its Merkle tree, checkpoints, and the erasable keys."""

from django.db import models

from grid.chain.models import ChainTx


class LogKey(models.Model):
    """The key that encrypts and salts one scope's entries of one month. Erasing it erases them."""

    scope = models.UUIDField(help_text="metering point, or zone for what belongs to no point")
    period = models.DateField(help_text="first day of the month")
    wrapped = models.BinaryField(help_text="AES-256-GCM under the data key of the settings")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["scope", "period"], name="log_key_once")]

    def __str__(self) -> str:
        return f"{self.scope} {self.period:%Y-%m}"


class Entry(models.Model):
    """One leaf of the log. Written by COPY, never changed; a trigger refuses it.

    Fixed-width columns come first, so that no row is padded.
    """

    index = models.BigIntegerField(primary_key=True)
    key = models.ForeignKey(LogKey, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False)
    created_at = models.DateTimeField()
    kind = models.PositiveSmallIntegerField()
    leaf_hash = models.BinaryField(max_length=32)
    data = models.BinaryField(help_text="fields of the leaf, packed, AES-256-GCM under `key`")
    document = models.BinaryField(null=True, help_text="what a hash in the leaf stands for, same key")

    class Meta:
        verbose_name_plural = "entries"

    def __str__(self) -> str:
        return f"entry {self.index}"


class Tile(models.Model):
    """256 complete sibling hashes of the tree, immutable; level 0 holds leaf hashes.

    A hash at level n covers 256**n leaves; `root` is the tile's own hash in level + 1.
    """

    level = models.PositiveSmallIntegerField()
    index = models.BigIntegerField()
    hashes = models.BinaryField(max_length=8192)
    root = models.BinaryField(max_length=32)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["level", "index"], name="tile_once")]

    def __str__(self) -> str:
        return f"tile {self.level}/{self.index}"


class Checkpoint(models.Model):
    """A signed size and root of the log (C2SP note), then its anchoring on chain."""

    size = models.BigIntegerField(unique=True)
    root = models.BinaryField(max_length=32)
    note = models.TextField()
    created_at = models.DateTimeField()
    seq = models.BigIntegerField(unique=True, null=True, help_text="sequence in RecordAnchor")
    chain_tx = models.OneToOneField(ChainTx, on_delete=models.PROTECT, null=True)
    anchored_at = models.DateTimeField(null=True, help_text="timestamp of the anchoring block")

    def __str__(self) -> str:
        return f"checkpoint {self.size}"
