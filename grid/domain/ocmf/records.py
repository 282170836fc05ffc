"""Parsing: from the text of one record to its registers, strictly and without touching the bytes."""

import binascii
import re
from base64 import b64decode
from dataclasses import dataclass
from typing import Any, NamedTuple

from grid.domain.entries import Suite
from grid.domain.ocmf.errors import (
    ClockUnsynchronised,
    Malformed,
    NothingUsable,
    Oversized,
    RecordError,
    Unsigned,
    UnsupportedSuite,
)
from grid.domain.ocmf.fields import IMPORT, REGISTERS, read_energy, read_object, read_time

MAX_RECORD_BYTES = 65_536
MAX_READINGS = 512
MAX_SIGNATURE_BYTES = 80
DEFAULT_SUITE = "ECDSA-secp256r1-SHA256"
SUITES = {DEFAULT_SUITE: Suite.P256, "ECDSA-secp256k1-SHA256": Suite.SECP256K1}

PREVIOUS_KEY = "UH"
"""Our extension: SHA-256 of the meter's previous record, 64 hex digits. Keys from U to Z are free."""
INTERVAL_KEY = "UI"
"""Our extension: seconds between the instants of this record."""

PAGINATION = re.compile(r"([TF])(0|[1-9]\d{0,17})", re.ASCII)
SERIAL = re.compile(r"[!-~](?:[ -~]{0,62}[!-~])?")
_HASH = re.compile(r"[0-9a-fA-F]{64}")


class RegisterReading(NamedTuple):
    """Both registers of a meter at one instant."""

    at: int
    """Unix seconds, a slot border."""
    import_wh: int
    export_wh: int
    synchronised: bool
    """False where the meter calls its time informative only."""


@dataclass(frozen=True, slots=True)
class Record:
    """One signed record, parsed. Whether the signature holds is for `verify` to say."""

    raw: bytes
    """The whole text as sent."""
    payload: bytes
    """The signed bytes within it."""
    meter_serial: str
    pagination: str
    """"F" for fiscal readings, "T" within a charging transaction; each has its own counter."""
    counter: int
    registers: tuple[RegisterReading, ...]
    """In order of time, one per instant."""
    dropped: tuple[str, ...]
    """Readings that the meter itself marked unusable, and why."""
    suite: Suite
    signature: bytes
    """DER."""
    previous: bytes | None
    """SHA-256 of the meter's previous record, where the meter says so."""
    interval_seconds: int | None


def parse(text: str | bytes) -> Record:
    """Return a record from OCMF text. Raises a RecordError that names the field and the remedy.

    Requires: meter serial MS, pagination PG, readings RD whose times do not go back, the import
    register (OBIS 1-0:1.8.0) at every instant and the export register (2.8.0) at all of them or none
    (then it is 0). Other registers are ignored. A reading inherits what it leaves out, except RV, from
    the one before it. Readings with an error flag E or t, a meter state other than G, or unknown time
    state U are dropped, so that a bad one does not lose the good ones beside it.
    """
    raw, payload_text, signature_text = _sections(text)
    fields = read_object(payload_text, "payload")
    version = fields.get("FV", "1.0")
    if str(version).split(".")[0] != "1":
        raise Malformed("FV", f"format {str(version)[:20]!r} is not known", "Send OCMF 1.x")
    serial = fields.get("MS")
    if not isinstance(serial, str) or not SERIAL.fullmatch(serial):
        raise Malformed("MS", "no meter serial of 1 to 64 ASCII characters", "Send the serial on the meter's plate")
    page = fields.get("PG")
    pagination = PAGINATION.fullmatch(page) if isinstance(page, str) else None
    if pagination is None:
        raise Malformed("PG", f"{str(page)[:30]!r} is no counter", "Send PG like F1, F2, F3, one more each time")
    previous = fields.get(PREVIOUS_KEY)
    if previous is not None and not (isinstance(previous, str) and _HASH.fullmatch(previous)):
        raise Malformed(PREVIOUS_KEY, "not a SHA-256 in hex", "Send 64 hex digits or leave the key out")
    interval = fields.get(INTERVAL_KEY)
    if interval is not None and (type(interval) is not int or not 0 < interval <= 86_400):
        raise Malformed(INTERVAL_KEY, "not a number of seconds up to a day", "Send 900 or leave the key out")
    registers, dropped = _registers(fields.get("RD"))
    suite, signature = _signature(signature_text)
    return Record(
        raw=raw,
        payload=payload_text.encode(),
        meter_serial=serial,
        pagination=pagination[1],
        counter=int(pagination[2]),
        registers=registers,
        dropped=dropped,
        suite=suite,
        signature=signature,
        previous=bytes.fromhex(previous) if previous else None,
        interval_seconds=interval,
    )


def _sections(text: str | bytes) -> tuple[bytes, str, str]:
    """Return raw bytes, payload and signature texts; neither section may hold a pipe."""
    remedy = "Send OCMF|<payload JSON>|<signature JSON>, UTF-8, nothing before or after"
    if len(text) > MAX_RECORD_BYTES:
        raise Oversized("record", f"longer than {MAX_RECORD_BYTES} bytes", "Send fewer readings per record")
    try:
        raw = text.encode() if isinstance(text, str) else bytes(text)
        parts = raw.decode().split("|")
    except UnicodeError:
        raise Malformed("record", "not UTF-8", remedy) from None
    if len(raw) > MAX_RECORD_BYTES:
        raise Oversized("record", f"longer than {MAX_RECORD_BYTES} bytes", "Send fewer readings per record")
    if parts[0] != "OCMF" or len(parts) not in (2, 3):
        raise Malformed("record", "not three sections that begin with OCMF", remedy)
    if len(parts) == 2 or not parts[2].strip():
        raise Unsigned("signature", "the signature section is missing", "Sign the payload with the meter's key")
    return raw, parts[1], parts[2]


class _Instant:
    __slots__ = ("at", "synchronised", "values")

    def __init__(self, at: int, synchronised: bool) -> None:
        self.at = at
        self.synchronised = synchronised
        self.values: list[int | None] = [None, None]


def _registers(readings: Any) -> tuple[tuple[RegisterReading, ...], tuple[str, ...]]:
    """Return the registers of RD by instant, and what was dropped."""
    if not isinstance(readings, list) or not readings:
        raise Malformed("RD", "no readings", "Send a list with at least one reading")
    if len(readings) > MAX_READINGS:
        raise Oversized("RD", f"more than {MAX_READINGS} readings", "Send fewer readings per record")
    instants: list[_Instant] = []
    dropped: list[str] = []
    unusable: set[int] = set()
    inherited: dict[str, Any] = {}
    for position, reading in enumerate(readings):
        try:
            _take(reading, inherited, instants, unusable, dropped, position)
        except RecordError as error:
            raise type(error)(f"RD[{position}].{error.field}", error.detail, error.remedy) from None
    kept = [
        instant for instant in instants if instant.at not in unusable and any(v is not None for v in instant.values)
    ]
    if not kept:
        if dropped and not instants:
            raise ClockUnsynchronised("TM", "the meter does not know the time", "Synchronise its clock")
        if dropped:
            raise NothingUsable("RD", f"no usable reading ({dropped[0]})", "Repair the meter; send readings in state G")
        raise Malformed("RD", "no import register", "Send OBIS 1-0:1.8.0, and 1-0:2.8.0 where the meter has it")
    with_export = sum(instant.values[1] is not None for instant in kept)
    if with_export not in (0, len(kept)) or any(instant.values[0] is None for instant in kept):
        raise Malformed(
            "RD",
            "a register is missing at some instants",
            "Send both at every instant, or import only throughout",
        )
    return tuple(
        RegisterReading(instant.at, instant.values[0] or 0, instant.values[1] or 0, instant.synchronised)
        for instant in kept
    ), tuple(dropped)


def _take(
    reading: Any,
    inherited: dict[str, Any],
    instants: list[_Instant],
    unusable: set[int],
    dropped: list[str],
    position: int,
) -> None:
    """Add one reading, after inheritance, to the instant it belongs to."""
    if not isinstance(reading, dict):
        raise Malformed("", "not a JSON object", "Send readings as objects")
    if "RV" not in reading:
        raise Malformed("RV", "no register value", "Send RV with every reading; it is not inherited")
    inherited.update(reading)
    time, code, state = inherited.get("TM"), inherited.get("RI"), inherited.get("ST")
    flags = inherited.get("EF", "")
    if not (isinstance(time, str) and isinstance(code, str) and isinstance(state, str) and isinstance(flags, str)):
        raise Malformed("TM, RI, ST", "missing or not text", "Send TM, RI, RU and ST with the first reading")
    at, clock = read_time(time)
    if clock == "U":
        dropped.append(f"RD[{position}]: the meter does not know the time")
        return
    if not instants or at > instants[-1].at:
        instants.append(_Instant(at, clock != "I"))
    elif at < instants[-1].at:
        raise Malformed("TM", "earlier than the reading before it", "Send readings in order of time")
    direction = REGISTERS.get(code)
    if direction is None:
        return
    name = "import" if direction == IMPORT else "export"
    if instants[-1].values[direction] is not None:
        raise Malformed("RI", f"the {name} register twice at one instant", "Send each register once per instant")
    if state != "G" or "E" in flags or "t" in flags:
        # The instant as a whole is dropped: half of one would read as a register that fell to 0.
        unusable.add(at)
        dropped.append(f"RD[{position}] {name}: meter state {state[:2]}, flags {flags[:4] or '-'}")
        return
    instants[-1].values[direction] = read_energy(reading["RV"], inherited.get("RU"))


def _signature(text: str) -> tuple[Suite, bytes]:
    """Return suite and DER bytes of the signature section; its encoding is hex unless it says base64."""
    fields = read_object(text, "signature")
    name = fields.get("SA", DEFAULT_SUITE)
    suite = SUITES.get(name) if isinstance(name, str) else None
    if suite is None:
        raise UnsupportedSuite("SA", f"{str(name)[:40]!r} is not accepted", f"Sign with one of {', '.join(SUITES)}")
    if fields.get("SM", "application/x-der") != "application/x-der":
        raise UnsupportedSuite("SM", "only application/x-der is accepted", "Send the signature in DER")
    encoding, data = fields.get("SE", "hex"), fields.get("SD")
    if encoding not in ("hex", "base64"):
        raise UnsupportedSuite("SE", f"{str(encoding)[:20]!r} is not accepted", "Send SE as hex or base64")
    if data is None or data == "":
        raise Unsigned("SD", "no signature", "Sign the payload with the meter's key")
    try:
        if not isinstance(data, str):
            raise ValueError
        der = bytes.fromhex(data) if encoding == "hex" else b64decode(data, validate=True)
    except (ValueError, binascii.Error):
        raise Malformed("SD", f"not {encoding}", f"Send the DER signature as {encoding}") from None
    if len(der) > MAX_SIGNATURE_BYTES:
        raise Oversized("SD", f"longer than {MAX_SIGNATURE_BYTES} bytes", "Send one ECDSA signature in DER")
    return suite, der
