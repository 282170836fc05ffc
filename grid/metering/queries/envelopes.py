"""Signed records as they were sent."""

from grid.metering.compression import decompress
from grid.metering.models import Envelope
from grid.records.errors import Erased, NotInLog
from grid.records.queries import keys
from grid.records.sealing import open_sealed


def nonce_seed(meter: int, counter: int, sha256: bytes) -> bytes:
    """Return what binds a sealed record to its place."""
    return b"envelope" + meter.to_bytes(8, "big") + counter.to_bytes(8, "big") + sha256


def open_envelope(envelope: Envelope) -> bytes:
    """Return the record byte for byte. Raises Erased when its key no longer exists, LogDamaged when changed."""
    owner = (envelope.key_scope, envelope.key_period)
    handle = keys.find([owner]).get(owner)
    if handle is None:
        raise Erased(f"Record {envelope.counter} of meter {envelope.meter_id} was erased: its key no longer exists.")
    seed = nonce_seed(envelope.meter_id, envelope.counter, bytes(envelope.sha256))
    return decompress(open_sealed(handle, seed, bytes(envelope.sealed)))


def raw_record(log_index: int) -> bytes:
    """Return the signed record behind a READING entry. Raises NotInLog, or as `open_envelope`."""
    envelope = Envelope.objects.filter(log_index=log_index).first()
    if envelope is None:
        raise NotInLog(f"Entry {log_index} is no reading.")
    return open_envelope(envelope)
