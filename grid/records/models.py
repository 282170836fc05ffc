"""The immutable log: blocks of entries, roots of its Merkle tree, checkpoints, and the erasable keys."""

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


class Erasure(models.Model):
    """A key that was erased, and why; its TOMBSTONE entry says the same. The newest id tells processes to forget."""

    scope = models.UUIDField()
    period = models.DateField()
    key_id = models.BigIntegerField(unique=True)
    key_hash = models.BinaryField(max_length=32, help_text="SHA-256 of the key")
    reason = models.TextField()
    log_index = models.BigIntegerField(unique=True, help_text="TOMBSTONE entry")
    erased_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["scope", "period"], name="erased_once")]

    def __str__(self) -> str:
        return f"{self.scope} {self.period:%Y-%m}, erased"


class EntryBlock(models.Model):
    """Neighbouring entries of one append, all within one tile of the tree. Written by COPY, never changed.

    `grid.records.blocks` says what `head` and `data` hold. Fixed-width columns come first, so that no row
    is padded; the long ones hold hashes and ciphertext, which PostgreSQL need not try to compress.
    """

    first = models.BigIntegerField(primary_key=True, help_text="index of the first entry")
    created_at = models.DateTimeField(help_text="time of the append; never before the block in front")
    size = models.PositiveSmallIntegerField(help_text="entries, at most 256")
    mac = models.BinaryField(max_length=16, help_text="over all other columns, by a key made from the log's")
    head = models.BinaryField(help_text="nonce, kinds, keys and layout")
    hashes = models.BinaryField(help_text="leaf hashes, 32 bytes each")
    data = models.BinaryField(help_text="fields and documents, each entry encrypted under its own key")

    def __str__(self) -> str:
        return f"entries {self.first} to {self.first + self.size - 1}"


class Word(models.Model):
    """A 32-byte word that many entries repeat, as the hash of a meter's serial; entries hold its number."""

    id = models.IntegerField(primary_key=True)
    word = models.BinaryField(max_length=32, unique=True)
    mac = models.BinaryField(max_length=8, help_text="over number and word, by a key made from the log's")

    def __str__(self) -> str:
        return f"word {self.id}"


class Tile(models.Model):
    """The root over 256 complete sibling hashes of the tree, which is one hash of the level above.

    The hashes of a tile at level 0 are the leaf hashes of its blocks, those of a tile above it the roots
    of the tiles below: nothing is stored twice. A root at level n covers 256**(n + 1) leaves.
    """

    pk = models.CompositePrimaryKey("level", "index")
    index = models.BigIntegerField()
    level = models.PositiveSmallIntegerField()
    root = models.BinaryField(max_length=32)

    def __str__(self) -> str:
        return f"tile {self.level}/{self.index}"


class Checkpoint(models.Model):
    """A signed size and root of the log (C2SP note), then its anchoring on chain."""

    size = models.BigIntegerField(unique=True)
    root = models.BinaryField(max_length=32)
    note = models.TextField()
    created_at = models.DateTimeField()
    mac = models.BinaryField(max_length=16, help_text="over all columns before and the size of the checkpoint in front")
    seq = models.BigIntegerField(unique=True, null=True, help_text="sequence in RecordAnchor")
    chain_tx = models.OneToOneField(ChainTx, on_delete=models.PROTECT, null=True)
    anchored_at = models.DateTimeField(null=True, help_text="timestamp of the anchoring block")

    def __str__(self) -> str:
        return f"checkpoint {self.size}"
