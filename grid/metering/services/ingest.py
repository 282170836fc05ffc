"""Taking in signed records: checked, logged, receipted, in one transaction per request.

Checks that need no database write come first; then the records that are new are claimed by their meter
and counter, logged as READING entries, and their registers stored. A record sent again gets the receipt it
got before. Another record under a used counter is kept as evidence of a fork.
"""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from django.db import connection, transaction

from grid.domain import ocmf
from grid.domain.entries import EntryKind, Value
from grid.domain.slots import SLOTS_PER_DAY, slot_of
from grid.metering.errors import (
    CounterReplayed,
    FutureReading,
    MeterUnbound,
    NotFiscal,
    UnknownMeter,
    WrongTopic,
)
from grid.metering.models import Envelope, Meter
from grid.metering.queries.bindings import BindingBook, bindings_of
from grid.metering.queries.envelopes import nonce_seed, open_envelope
from grid.metering.services import keyring
from grid.metering.services.copying import copy_rows
from grid.records.errors import Erased
from grid.records.models import Entry
from grid.records.sealing import KeyHandle, seal
from grid.records.services import NewEntry, append, keys
from grid.records.services.receipts import Receipt, receipt

CLOCK_TOLERANCE_SECONDS = 60
"""How far a meter's time may run ahead of ours."""


@dataclass(frozen=True, slots=True)
class ItemResult:
    """What became of one record. `refusal` is there unless it was accepted, now or before."""

    status: str
    """"accepted", "duplicate", "fork" or "rejected"."""
    receipt: Receipt | None = None
    readings: int = 0
    """Instants in the record."""
    stored: int = 0
    """Instants of them that had no register reading yet."""
    dropped: tuple[str, ...] = ()
    """Readings that the meter itself marked unusable."""
    refusal: ocmf.RecordError | None = None


@dataclass(slots=True)
class _Candidate:
    """A record that passed every check but the counter's."""

    position: int
    record: ocmf.Record
    meter: Meter
    point: UUID
    sha256: bytes
    envelope_id: int = 0


def ingest(*, records: Sequence[str | bytes], now: datetime, serials: Sequence[str] | None = None) -> list[ItemResult]:
    """Take in OCMF records, in order, and return one result for each. Bad ones do not touch good ones.

    `serials` names the meter that each record must be of, where the way it came says so.
    """
    results: dict[int, ItemResult] = {}
    parsed: list[tuple[int, ocmf.Record]] = []
    for position, text in enumerate(records):
        try:
            record = ocmf.parse(text)
            if serials is not None and record.meter_serial != serials[position]:
                raise WrongTopic("MS", "the topic names another meter", "Publish to the topic of the record's meter")
            parsed.append((position, record))
        except ocmf.RecordError as error:
            results[position] = ItemResult("rejected", refusal=error)
    candidates = _checked(parsed, results, now)
    if candidates:
        # Keys first, committed by themselves: making one locks the log, which must come after the envelopes.
        period = now.date().replace(day=1)
        opened = keys.keys_for(owners={(candidate.point, period) for candidate in candidates}, now=now)
        with transaction.atomic():
            _store(candidates, {point: handle for (point, _), handle in opened.items()}, results, now)
    return [results[position] for position in range(len(records))]


def _checked(parsed: list[tuple[int, ocmf.Record]], results: dict[int, ItemResult], now: datetime) -> list[_Candidate]:
    """Return the records that come from known meters, rightly signed, at a possible time."""
    serials = {record.meter_serial for _, record in parsed}
    meters = {meter.serial: meter for meter in Meter.objects.filter(serial__in=serials).prefetch_related("keys")}
    book = bindings_of(meters=[meter.pk for meter in meters.values()])
    candidates = []
    for position, record in parsed:
        try:
            candidates.append(_check(position, record, meters, book, now))
        except ocmf.RecordError as error:
            results[position] = ItemResult("rejected", refusal=error)
    return candidates


def _check(
    position: int, record: ocmf.Record, meters: dict[str, Meter], book: BindingBook, now: datetime
) -> _Candidate:
    if record.pagination != "F":
        raise NotFiscal("PG", "a reading within a charging transaction", "Send fiscal records, PG F1, F2 and so on")
    meter = meters.get(record.meter_serial)
    if meter is None:
        raise UnknownMeter("MS", f"no meter {record.meter_serial}", "Ask the operator to register serial and key")
    # A revoked or decommissioned meter has no key for counters from then on; late records from before still count.
    keyring.check(meter, record)
    latest = record.registers[-1].at
    if latest > now.timestamp() + CLOCK_TOLERANCE_SECONDS:
        ahead = int(latest - now.timestamp())
        raise FutureReading(
            "TM", f"{ahead} s ahead of the platform's clock", "Set the meter's clock; send after the slot"
        )
    # The instant that ends a day belongs to the slot before it.
    binding = book.of_meter(meter.pk, (slot_of(latest) - 1) // SLOTS_PER_DAY) or book.of_meter(
        meter.pk, slot_of(latest) // SLOTS_PER_DAY
    )
    if binding is None:
        raise MeterUnbound("MS", f"no metering point has meter {meter.serial} then", "Ask the operator to bind it")
    return _Candidate(position, record, meter, binding.point_id, sha256(record.raw).digest())


def _store(
    candidates: list[_Candidate], handles: dict[UUID, KeyHandle], results: dict[int, ItemResult], now: datetime
) -> None:
    """Store what is new, and answer what is not. Inside the request's transaction."""
    # In one order everywhere: two requests with the same records wait for each other, never in a circle.
    ordered = sorted(candidates, key=lambda c: (c.meter.pk, c.record.counter, c.position))
    new = _claim(ordered, handles, now)
    if new:
        indices = append(entries=[_entry(candidate, now) for candidate in new], now=now)
        stored = _project(new, indices, now)
        hashes = dict(Entry.objects.filter(index__in=indices).values_list("index", "leaf_hash"))
        for candidate, index in zip(new, indices, strict=True):
            results[candidate.position] = ItemResult(
                "accepted",
                receipt=receipt(index=index, leaf_hash=bytes(hashes[index]), received_at=now),
                readings=len(candidate.record.registers),
                stored=stored.get(candidate.envelope_id, 0),
                dropped=candidate.record.dropped,
            )
    _answer_known([c for c in ordered if c.position not in results], handles, results, now)


def _entry(candidate: _Candidate, now: datetime) -> NewEntry:
    fields: dict[str, Value] = {
        "envelopeSha256": candidate.sha256,
        "point": candidate.point.int.to_bytes(32, "big"),
        "counter": candidate.record.counter,
        "receivedAt": int(now.timestamp()),
    }
    return NewEntry(kind=EntryKind.READING, fields=fields, scope=candidate.point, period=now.date())


_Inserted = tuple[int, int, int, bytes]
"""Id, meter, counter and SHA-256 of an envelope that is now there."""

_INSERT = """
    INSERT INTO metering_envelope
        (meter_id, counter, sha256, sealed, key_scope, key_period, received_at, log_index, fork)
    SELECT *, %s::date, %s::timestamptz, NULL, %s
    FROM unnest(%s::bigint[], %s::bigint[], %s::bytea[], %s::bytea[], %s::uuid[])
    ON CONFLICT DO NOTHING RETURNING id, meter_id, counter, sha256
"""


def _insert(
    candidates: list[_Candidate], handles: dict[UUID, KeyHandle], now: datetime, *, fork: bool
) -> list[_Inserted]:
    rows = [
        (
            c.meter.pk,
            c.record.counter,
            c.sha256,
            seal(handles[c.point], nonce_seed(c.meter.pk, c.record.counter, c.sha256), zlib.compress(c.record.raw)),
            c.point,
        )
        for c in candidates
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT, [now.date().replace(day=1), now, fork, *(list(column) for column in zip(*rows, strict=True))]
        )
        return list(cursor.fetchall())


def _claim(ordered: list[_Candidate], handles: dict[UUID, KeyHandle], now: datetime) -> list[_Candidate]:
    """Insert the envelopes whose counter is free, and return their candidates.

    Another request that holds the same counter is waited for: the row decides, not the time of asking.
    """
    inserted = {
        (meter, counter, bytes(digest)): id_
        for id_, meter, counter, digest in _insert(ordered, handles, now, fork=False)
    }
    new = []
    for candidate in ordered:
        id_ = inserted.pop((candidate.meter.pk, candidate.record.counter, candidate.sha256), None)
        if id_ is not None:
            candidate.envelope_id = id_
            new.append(candidate)
    return new


_REGISTER_COLUMNS = "meter_id, at, import_wh, export_wh, synchronised, envelope_id"
_pack_register = struct.Struct("!hiqiqiqiqi?iq").pack
_TEMPORARY = """
    CREATE TEMPORARY TABLE IF NOT EXISTS metering_incoming (
        meter_id bigint, at bigint, import_wh bigint, export_wh bigint, synchronised boolean, envelope_id bigint
    ) ON COMMIT DELETE ROWS
"""
_MERGE = f"""
    WITH stored AS (
        INSERT INTO metering_register ({_REGISTER_COLUMNS}) SELECT {_REGISTER_COLUMNS} FROM metering_incoming
        ON CONFLICT (meter_id, at) DO NOTHING RETURNING envelope_id
    ) SELECT envelope_id, count(*) FROM stored GROUP BY envelope_id
"""
_INDEX_ENVELOPES = """
    UPDATE metering_envelope e SET log_index = v.log_index
    FROM unnest(%s::bigint[], %s::bigint[]) AS v(id, log_index) WHERE e.id = v.id
"""
_SEE_METERS = """
    UPDATE metering_meter m SET last_counter = greatest(m.last_counter, v.counter),
        last_seen_at = greatest(m.last_seen_at, %s)
    FROM unnest(%s::bigint[], %s::bigint[]) AS v(id, counter) WHERE m.id = v.id
"""


def _project(new: list[_Candidate], indices: list[int], now: datetime) -> dict[int, int]:
    """Write register rows and what meters and envelopes learn; return stored instants by envelope."""
    rows = [
        _pack_register(6, 8, c.meter.pk, 8, at, 8, imported, 8, exported, 1, synchronised, 8, c.envelope_id)
        for c in new
        for at, imported, exported, synchronised in c.record.registers
    ]
    counters: dict[int, int] = {}
    for candidate in new:
        counters[candidate.meter.pk] = max(candidate.record.counter, counters.get(candidate.meter.pk, 0))
    with connection.cursor() as cursor:
        cursor.execute(_INDEX_ENVELOPES, [[c.envelope_id for c in new], indices])
        cursor.execute(_SEE_METERS, [now, list(counters), list(counters.values())])
        cursor.execute(_TEMPORARY)
        copy_rows(cursor, f"metering_incoming ({_REGISTER_COLUMNS})", rows)
        cursor.execute(_MERGE)
        return dict(cursor.fetchall())


def _answer_known(
    known: list[_Candidate], handles: dict[UUID, KeyHandle], results: dict[int, ItemResult], now: datetime
) -> None:
    """Answer records whose counter was taken: the same receipt for the same readings, else a fork."""
    for candidate in known:
        first = Envelope.objects.get(meter=candidate.meter, counter=candidate.record.counter, fork=False)
        index = first.log_index
        if index is None:
            raise RuntimeError(f"envelope {first.pk} was committed without its log index")
        leaf_hash = bytes(Entry.objects.values_list("leaf_hash", flat=True).get(index=index))
        given = receipt(index=index, leaf_hash=leaf_hash, received_at=first.received_at)
        readings = len(candidate.record.registers)
        if _same_payload(first, candidate):
            results[candidate.position] = ItemResult("duplicate", receipt=given, readings=readings)
            continue
        _insert([candidate], handles, now, fork=True)
        refusal = CounterReplayed(
            "PG",
            f"counter {candidate.record.counter} of meter {candidate.meter.serial} was used for other readings",
            "Continue with the next counter; both records are kept and the first one counts",
        )
        results[candidate.position] = ItemResult("fork", receipt=given, readings=readings, refusal=refusal)


def _same_payload(first: Envelope, candidate: _Candidate) -> bool:
    """Say whether two records have the same signed bytes: anyone can reshape a signature, that is no fork."""
    if bytes(first.sha256) == candidate.sha256:
        return True
    try:
        return open_envelope(first).split(b"|")[1] == candidate.record.payload
    except Erased:
        return False
