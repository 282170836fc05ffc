"""Envelopes and READING entries held against each other, in each check of the log (`verify_log`)."""

from collections.abc import Sequence
from hashlib import sha256

from grid.domain.entries import EntryKind
from grid.metering.models import Envelope
from grid.metering.queries.envelopes import open_envelope
from grid.records.errors import Erased, LogDamaged
from grid.records.queries import LogEntry, keys
from grid.records.queries.damage import register_checker


def register() -> None:
    """Take part in checks of the log."""
    register_checker(EntryKind.READING, EnvelopeChecker)


class EnvelopeChecker:
    """Every READING has its envelope, byte for byte; an envelope without one is a fork or was tampered with."""

    def entries(self, batch: Sequence[LogEntry]) -> None:
        rows = {row.log_index: row for row in Envelope.objects.filter(log_index__in=[entry.index for entry in batch])}
        for entry in batch:
            row = rows.get(entry.index)
            if row is None:
                raise LogDamaged(f"The envelope of entry {entry.index} is missing, or cites another entry.")
            fields = entry.fields
            same = (
                fields["envelopeSha256"] == bytes(row.sha256)
                and fields["point"] == row.key_scope.int.to_bytes(32, "big")
                and fields["counter"] == row.counter
                and fields["receivedAt"] == int(row.received_at.timestamp())
                and not row.fork
            )
            if not same:
                raise LogDamaged(f"Envelope {row.pk} is not what entry {entry.index} says.")
            _check_bytes(row)

    def finish(self) -> None:
        """Envelopes that are evidence of a fork have no entry: their own seal and hash must hold."""
        for row in Envelope.objects.filter(log_index__isnull=True).iterator():
            if not row.fork:
                raise LogDamaged(f"Envelope {row.pk} cites no entry, and is no fork.")
            _check_bytes(row)


def _check_bytes(row: Envelope) -> None:
    try:
        raw = open_envelope(row)
    except Erased:
        if not keys.erased([(row.key_scope, row.key_period)]):
            raise LogDamaged(f"Envelope {row.pk} is sealed under a key that is gone, and was not erased.") from None
        return
    except LogDamaged:
        raise LogDamaged(f"Envelope {row.pk} does not open: it was changed.") from None
    if sha256(raw).digest() != bytes(row.sha256):
        raise LogDamaged(f"Envelope {row.pk} does not have its hash.")
