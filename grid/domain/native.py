"""Signed meter readings in fixed binary form, for devices with little memory and thin links (docs/DEVICES.md).

One signature covers a batch of registers at equal steps. Integers are big-endian; a `varint` is LEB128 in its
shortest form. There is one encoding of a batch, so that two records that say the same are the same bytes:

    "CWR"           3   magic
    version         1   1
    suite           1   1 P-256, 2 secp256k1
    flags           1   bit 0 export register, bit 1 previous hash, bit 2 some instants not synchronised
    serial length   1   1 to 64
    serial          n   printable ASCII, no space at either end
    counter         8   below 10^18
    previous       32   SHA-256 of the meter's previous record; only with flag bit 1
    start           4   first instant, in slots of 900 s since 1970-01-01 UTC
    step            1   slots between instants, 1 to 96
    count           2   instants, 1 to 512
    synchronised    n   only with flag bit 2: ceil(count / 8) bytes, bit i % 8 of byte i // 8 is instant i, others 0
    registers           import Wh, and export Wh with flag bit 0, as varints: the first instant's in full, then rises
    signature      64   r then s of ECDSA over the SHA-256 of everything before
"""

import struct
from collections.abc import Sequence
from itertools import accumulate

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from grid.domain.entries import Suite
from grid.domain.ocmf.errors import Malformed, Oversized, Unsigned, UnsupportedSuite
from grid.domain.ocmf.fields import MAX_WH
from grid.domain.ocmf.records import MAX_READINGS, MAX_RECORD_BYTES, SERIAL, Record, RegisterReading
from grid.domain.slots import SLOT_SECONDS

MAGIC = b"CWR"
VERSION = 1
SIGNATURE_SIZE = 64
MAX_STEP = 96
_EXPORT, _PREVIOUS, _CLOCK = 1, 2, 4
_COUNTER_LIMIT = 10**18
_START = struct.Struct("!IBH")
_FORM = "Compare the record with the compact form in docs/DEVICES.md"


def parse(raw: bytes) -> Record:
    """Return a record from its bytes. Raises a RecordError that names the field and the remedy."""
    if len(raw) > MAX_RECORD_BYTES:
        raise Oversized("record", f"longer than {MAX_RECORD_BYTES} bytes", "Send fewer readings per record")
    raw = bytes(raw)
    if raw[:3] != MAGIC or len(raw) < 7:
        raise Malformed("magic", "not a compact record", _FORM)
    version, code, flags, length = raw[3:7]
    if version != VERSION:
        raise Malformed("version", f"version {version} is not known", "Send version 1")
    if code not in (Suite.P256, Suite.SECP256K1):
        raise UnsupportedSuite("suite", f"{code} is not accepted", "Send 1 for P-256 or 2 for secp256k1")
    if flags & ~(_EXPORT | _PREVIOUS | _CLOCK):
        raise Malformed("flags", f"unknown bits in {flags:#04x}", "Set bits 0 to 2 only")
    serial_end = 7 + length
    serial = raw[7:serial_end].decode("latin-1")
    if not SERIAL.fullmatch(serial) or len(serial) != length:
        raise Malformed("serial", "no meter serial of 1 to 64 ASCII characters", "Send the serial on the meter's plate")
    counter_end = serial_end + 8
    previous_end = counter_end + (32 if flags & _PREVIOUS else 0)
    body = previous_end + _START.size
    if len(raw) < body:
        raise Malformed("record", "cut off before its registers", _FORM)
    counter = int.from_bytes(raw[serial_end:counter_end], "big")
    if counter >= _COUNTER_LIMIT:
        raise Malformed("counter", "10^18 or more", "Count records from 1, one more each time")
    start, step, count = _START.unpack_from(raw, previous_end)
    if not 1 <= count <= MAX_READINGS:
        raise Oversized("count", f"{count} instants", f"Send 1 to {MAX_READINGS} instants per record")
    if not 1 <= step <= MAX_STEP:
        raise Malformed("step", f"{step} slots", f"Send a step of 1 to {MAX_STEP} slots")
    synchronised, body = _synchronised(raw, flags, body, count)
    registers = _registers(raw, flags, body, count)
    instants = range(start * SLOT_SECONDS, (start + step * count) * SLOT_SECONDS, step * SLOT_SECONDS)
    return Record(
        raw=raw,
        payload=raw[:-SIGNATURE_SIZE],
        meter_serial=serial,
        pagination="F",
        counter=counter,
        registers=tuple(map(RegisterReading, instants, *registers, synchronised)),
        dropped=(),
        suite=Suite(code),
        signature=_der(raw[-SIGNATURE_SIZE:]),
        previous=raw[counter_end:previous_end] or None,
        interval_seconds=step * SLOT_SECONDS,
    )


def _synchronised(raw: bytes, flags: int, body: int, count: int) -> tuple[list[bool], int]:
    """Return the instants' clock states, and where the registers begin."""
    if not flags & _CLOCK:
        return [True] * count, body
    size = -(-count // 8)
    bits = int.from_bytes(raw[body : body + size], "little")
    if len(raw) < body + size or bits >> count:
        raise Malformed("synchronised", "cut off, or bits beyond the last instant", _FORM)
    if bits == (1 << count) - 1:
        raise Malformed("flags", "bit 2 is set and every instant is synchronised", "Clear bit 2")
    return [bool(bits >> instant & 1) for instant in range(count)], body + size


def _registers(raw: bytes, flags: int, body: int, count: int) -> tuple[list[int], list[int]]:
    """Return import and export Wh of every instant; the registers must end where the signature begins."""
    end = len(raw) - SIGNATURE_SIZE
    if end < body:
        raise Unsigned("signature", "the signature is missing", "Sign the batch with the meter's key")
    values = _varints(raw[body:end])
    both = bool(flags & _EXPORT)
    if len(values) != count * (2 if both else 1):
        raise Malformed("registers", "not as many values as count and flags say", _FORM)
    imported = list(accumulate(values[::2] if both else values))
    exported = list(accumulate(values[1::2])) if both else [0] * count
    if imported[-1] >= MAX_WH or exported[-1] >= MAX_WH:
        raise Malformed("registers", "outside 0 to 10^15 Wh", "Send cumulative registers in Wh")
    return imported, exported


def _varints(data: bytes) -> list[int]:
    """Return the integers of LEB128 bytes. Raises Malformed for one that is cut off, too long or not the shortest."""
    values = []
    value = shift = 0
    for byte in data:
        if byte & 0x80:
            value |= (byte & 0x7F) << shift
            shift += 7
            if shift > 56:
                raise Malformed("registers", "a value of more than 8 bytes", "Send registers below 10^15 Wh")
        else:
            if byte == 0 and shift:
                raise Malformed("registers", "a value that is not in its shortest form", _FORM)
            values.append(value | byte << shift)
            value = shift = 0
    if shift:
        raise Malformed("registers", "the last value is cut off", _FORM)
    return values


def _der(signature: bytes) -> bytes:
    """Return r and s as DER, which both verifying libraries take."""
    parts = b""
    for half in (signature[:32], signature[32:]):
        integer = half.lstrip(b"\x00") or b"\x00"
        if integer[0] & 0x80:
            integer = b"\x00" + integer
        parts += b"\x02" + bytes((len(integer),)) + integer
    return b"\x30" + bytes((len(parts),)) + parts


def build(
    *,
    serial: str,
    counter: int,
    suite: Suite,
    registers: Sequence[tuple[int, int, int | None]],
    previous: bytes | None = None,
    synchronised: Sequence[bool] | None = None,
) -> bytes:
    """Return what a meter signs: a batch of (unix seconds, import Wh, export Wh) at equal steps of whole slots.

    Export None is a meter without that register. Raises ValueError where the form cannot hold the batch: unequal
    steps, or a register that falls, after which a meter begins a new record.
    """
    times = [at for at, _, _ in registers]
    step = (times[1] - times[0]) // SLOT_SECONDS if len(times) > 1 else 1
    if any(at != times[0] + index * step * SLOT_SECONDS for index, at in enumerate(times)) or times[0] % SLOT_SECONDS:
        raise ValueError("the instants are not at equal steps of whole slots")
    both = registers[0][2] is not None
    clock = list(synchronised or [True] * len(times))
    flags = (both and _EXPORT) | (previous is not None and _PREVIOUS) | (not all(clock) and _CLOCK)
    name = serial.encode("ascii")
    parts = [MAGIC, bytes((VERSION, suite, flags, len(name))), name, counter.to_bytes(8, "big"), previous or b""]
    parts.append(_START.pack(times[0] // SLOT_SECONDS, step, len(times)))
    if not all(clock):
        bits = sum(1 << index for index, state in enumerate(clock) if state)
        parts.append(bits.to_bytes(-(-len(clock) // 8), "little"))
    last = [0, 0]
    for _, *values in registers:
        for direction, value in enumerate(values[: 1 + both]):
            parts.append(_varint((value or 0) - last[direction]))
            last[direction] = value or 0
    return b"".join(parts)


def _varint(value: int) -> bytes:
    if value < 0:
        raise ValueError("a register falls within the batch: begin a new record")
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def render(payload: bytes, signature: bytes) -> bytes:
    """Return the whole record from what was signed and its DER signature."""
    r, s = decode_dss_signature(signature)
    return payload + r.to_bytes(32, "big") + s.to_bytes(32, "big")
