"""The quick way to parse records: typed decoding of what well-behaved meters send, the strict parser for the rest.

`grid.domain.envelopes.parse` decides what a record says and why one is refused. This module gives the same answer
sooner where a record has no surprises: no escapes, no unknown keys, no key twice, whole numbers, every reading good.
Anything else, every refusal included, is left to the strict parser; a test compares the two on generated records.
"""

import msgspec

from grid.domain import envelopes
from grid.domain.ocmf.fields import IMPORT, MAX_WH, REGISTERS, read_time
from grid.domain.ocmf.records import (
    DEFAULT_SUITE,
    MAX_READINGS,
    MAX_RECORD_BYTES,
    MAX_SIGNATURE_BYTES,
    PAGINATION,
    SERIAL,
    SUITES,
    Record,
    RegisterReading,
)

_UNSET = msgspec.UNSET
Text = str | msgspec.UnsetType


class _Reading(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    RV: int
    TM: Text = _UNSET
    RI: Text = _UNSET
    RU: Text = _UNSET
    ST: Text = _UNSET
    EF: Text = _UNSET
    RT: Text = _UNSET


class _Payload(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    MS: str
    PG: str
    RD: list[_Reading]
    FV: Text = _UNSET
    GI: Text = _UNSET
    GS: Text = _UNSET
    GV: Text = _UNSET
    MV: Text = _UNSET
    MM: Text = _UNSET
    MF: Text = _UNSET
    UH: Text = _UNSET
    IS: bool | msgspec.UnsetType = _UNSET
    UI: int | msgspec.UnsetType = _UNSET


class _Signature(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    SD: str
    SA: Text = _UNSET


_decode_payload = msgspec.json.Decoder(_Payload).decode
_decode_signature = msgspec.json.Decoder(_Signature).decode


def parse(text: str | bytes) -> Record:
    """Return what `envelopes.parse` returns, and raise what it raises."""
    try:
        record = _quick(text)
    except (msgspec.DecodeError, UnicodeError, ValueError):
        record = None  # the strict parser says whether, and why
    return envelopes.parse(text) if record is None else record


def _quick(text: str | bytes) -> Record | None:
    """Return the record, or None where only the strict parser can tell."""
    raw = text.encode() if isinstance(text, str) else bytes(text)
    if not raw.startswith(b"OCMF|") or len(raw) > MAX_RECORD_BYTES or b"\\" in raw:
        return None
    sections = raw.split(b"|")
    if len(sections) != 3:
        return None
    payload, closing = sections[1], sections[2]
    signature = _decode_signature(closing)
    fields = _decode_payload(payload)
    suite = SUITES.get(DEFAULT_SUITE if signature.SA is _UNSET else signature.SA)
    page = PAGINATION.fullmatch(fields.PG)
    if suite is None or page is None or not SERIAL.fullmatch(fields.MS) or not 0 < len(fields.RD) <= MAX_READINGS:
        return None
    if closing.count(b'"') != (4 if signature.SA is _UNSET else 8):
        return None  # a key stands there twice
    if len(signature.SD) > 2 * MAX_SIGNATURE_BYTES or not signature.SD:
        return None
    head = _head(fields)
    if head is None:
        return None
    quotes, previous, interval = head
    registers = _registers(fields.RD, payload.count(b'"') - quotes)
    if registers is None:
        return None
    return Record(
        raw=raw,
        payload=payload,
        meter_serial=fields.MS,
        pagination=page[1],
        counter=int(page[2]),
        registers=registers,
        dropped=(),
        suite=suite,
        signature=bytes.fromhex(signature.SD),
        previous=previous,
        interval_seconds=interval,
    )


def _head(fields: _Payload) -> tuple[int, bytes | None, int | None] | None:
    """Return the quotation marks that the payload has outside its readings, and our two extensions."""
    quotes = 10  # RD, and MS and PG with their texts
    for value in (fields.FV, fields.GI, fields.GS, fields.GV, fields.MV, fields.MM, fields.MF, fields.UH):
        if value is not _UNSET:
            quotes += 4
    if fields.IS is not _UNSET:
        quotes += 2
    if fields.FV is not _UNSET and fields.FV.split(".")[0] != "1":
        return None
    previous = None
    if fields.UH is not _UNSET:
        if len(fields.UH) != 64:
            return None
        previous = bytes.fromhex(fields.UH)
        if len(previous) != 32:
            return None
    interval = None
    if fields.UI is not _UNSET:
        quotes += 2
        interval = fields.UI
        if not 0 < interval <= 86_400:
            return None
    return quotes, previous, interval


def _registers(readings: list[_Reading], quotes: int) -> tuple[RegisterReading, ...] | None:
    """Return the registers by instant. `quotes` is how many quotation marks the readings have.

    Without escapes every text has two; more of them than the decoded fields explain are those of a key sent twice.
    """
    if _UNSET in (readings[0].TM, readings[0].RU, readings[0].ST):
        return None  # nothing to inherit from
    found: list[RegisterReading] = []
    at, synchronised, was_synchronised, direction = 0, True, True, None
    imported = exported = None
    instant: int | None = None
    factor = 1
    with_export = 0
    make = RegisterReading
    for reading in readings:
        quotes -= 2
        if reading.TM is not _UNSET:
            quotes -= 4
            at, clock = read_time(reading.TM)
            if clock == "U":
                return None
            synchronised = clock != "I"
        if reading.RI is not _UNSET:
            quotes -= 4
            direction = REGISTERS.get(reading.RI)
        if reading.RU is not _UNSET:
            quotes -= 4
            if reading.RU not in ("Wh", "kWh"):
                return None
            factor = 1000 if reading.RU == "kWh" else 1
        if reading.ST is not _UNSET:
            quotes -= 4
            if reading.ST != "G":
                return None
        if reading.EF is not _UNSET:
            quotes -= 4
            if reading.EF:
                return None
        if reading.RT is not _UNSET:
            quotes -= 4
        value = reading.RV * factor
        if direction is None or not 0 <= value < MAX_WH:
            return None
        if at != instant:
            if instant is not None:
                if imported is None or at < instant:
                    return None
                found.append(make(instant, imported, exported or 0, was_synchronised))
                with_export += exported is not None
            instant, was_synchronised = at, synchronised
            imported = exported = None
        if direction == IMPORT:
            if imported is not None:
                return None
            imported = value
        else:
            if exported is not None:
                return None
            exported = value
    if instant is None or imported is None or quotes:
        return None
    found.append(make(instant, imported, exported or 0, was_synchronised))
    with_export += exported is not None
    return tuple(found) if with_export in (0, len(found)) else None
