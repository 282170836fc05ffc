"""Signed meter readings as OCMF 1.3.1 text: `OCMF|<payload JSON>|<signature JSON>`.

What is signed is the payload exactly as sent, so the bytes are kept and verified, and only a copy is
parsed. Devices and the simulator render the same form by `build_payload` and `render`.
"""

from grid.domain.ocmf.errors import (
    BadSignature,
    ClockUnsynchronised,
    Malformed,
    NothingUsable,
    OffSlot,
    Oversized,
    RecordError,
    Unsigned,
    UnsupportedSuite,
    WrongUnit,
)
from grid.domain.ocmf.records import MAX_RECORD_BYTES, Record, RegisterReading, parse
from grid.domain.ocmf.rendering import build_payload, format_time, render
from grid.domain.ocmf.signatures import SUITE_NAMES, public_key_bytes, sign, verify

__all__ = [
    "MAX_RECORD_BYTES",
    "SUITE_NAMES",
    "BadSignature",
    "ClockUnsynchronised",
    "Malformed",
    "NothingUsable",
    "OffSlot",
    "Oversized",
    "Record",
    "RecordError",
    "RegisterReading",
    "Unsigned",
    "UnsupportedSuite",
    "WrongUnit",
    "build_payload",
    "format_time",
    "parse",
    "public_key_bytes",
    "render",
    "sign",
    "verify",
]
