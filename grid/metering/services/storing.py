"""Storing checked records: one transaction for any number of batches, one append to the log, everything by COPY.

The log's lock comes first. Whoever holds it alone claims counters, stores registers and may trust what the registry
says, since every change of a key or a binding is an entry of the log as well.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection, transaction

from grid.domain.entries import EntryKind
from grid.domain.ocmf import RegisterReading
from grid.metering.compression import compress
from grid.metering.errors import CounterReplayed
from grid.metering.models import Envelope
from grid.metering.packing import doubted, pack, unpack
from grid.metering.queries.envelopes import nonce_seed, open_envelope
from grid.metering.queries.registers import LONGEST_SPAN
from grid.metering.services.checking import Batch, Candidate, ItemResult, check_again
from grid.metering.services.copying import copy_rows, microseconds
from grid.metering.services.parsing import parse
from grid.records.errors import Erased
from grid.records.sealing import NONCE_SIZE, KeyHandle
from grid.records.services import NewEntry, append_with, keys
from grid.records.services.receipts import Receipt, receipts_for

ATTEMPTS = 5
Handles = dict[UUID, KeyHandle]


class _Outdated(Exception):
    """The registry has changed since these meters were looked up."""

    def __init__(self, serials: set[str]) -> None:
        super().__init__()
        self.serials = serials


def store(batches: Sequence[Batch], *, now: datetime) -> None:
    """Store the candidates of all batches and give each its result.

    Raises what the database raises; then nothing is kept.
    """
    for _ in range(ATTEMPTS):
        candidates = [candidate for batch in batches for candidate in batch.candidates]
        if not candidates:
            return
        # Keys first, committed by themselves: making one locks the log, which must come after nothing else.
        period = now.date().replace(day=1)
        opened = keys.keys_for(owners={(candidate.point, period) for candidate in candidates}, now=now)
        try:
            with transaction.atomic():
                results = _Storing(candidates, {point: handle for (point, _), handle in opened.items()}, now).run()
        except _Outdated as outdated:
            check_again(candidates, outdated.serials)
            continue
        for candidate, result in results:
            candidate.batch.results[candidate.position] = result
        return
    raise RuntimeError(f"the registry changed {ATTEMPTS} times while records were stored")


@dataclass(slots=True)
class _First:
    """The record that holds a counter: in the database, or new in this very group."""

    log_index: int
    envelope: int = 0
    candidate: Candidate | None = None


class _Storing:
    """One transaction's work."""

    def __init__(self, candidates: list[Candidate], handles: Handles, now: datetime) -> None:
        # A request's own order decides which of two records with one counter is the first.
        self.candidates = candidates
        self.handles = handles
        self.now = now
        self.new: list[Candidate] = []
        self.found: list[_Found] = []
        self.repeated: list[Candidate] = []
        self.firsts: dict[tuple[int, int], _First] = {}

    def run(self) -> list[tuple[Candidate, ItemResult]]:
        """Return every candidate's result."""
        indices = append_with(build=self._claim, now=self.now)
        stored: list[int] = []
        if self.new:
            stored = self._write(indices)
        receipts = receipts_for({first.log_index for first in self.firsts.values()})
        answers = [
            (
                candidate,
                ItemResult(
                    "accepted", receipts[index], len(candidate.record.registers), count, candidate.record.dropped
                ),
            )
            for candidate, index, count in zip(self.new, indices, stored, strict=True)
        ]
        return answers + [(candidate, self._known(candidate, receipts)) for candidate in self.repeated]

    def _claim(self, first_index: int) -> list[NewEntry]:
        """Tell new candidates from repeated ones, and return the READING entries of the new. The log is locked."""
        seen = _look(self.candidates)
        entries: list[NewEntry] = []
        received = int(self.now.timestamp())
        day = self.now.date()
        for candidate, found in zip(self.candidates, seen, strict=True):
            order = candidate.order
            if found.envelope is not None:
                self.firsts.setdefault(order, _First(found.log_index, envelope=found.envelope))
            if order in self.firsts:
                self.repeated.append(candidate)
                continue
            self.firsts[order] = _First(first_index + len(entries), candidate=candidate)
            self.new.append(candidate)
            self.found.append(found)
            entries.append(_entry(candidate, received, day))
        return entries

    def _write(self, indices: list[int]) -> list[int]:
        """Write envelopes, register blocks and what meters learn; return how many instants of each were new."""
        received = int(self.now.timestamp())
        fresh = [doubted(readings, received) for readings in _fresh_registers(self.new, self.found)]
        counters: dict[int, int] = {}
        for candidate in self.new:
            meter, counter = candidate.order
            counters[meter] = max(counter, counters.get(meter, 0))
        ids = [found.new_id for found in self.found]
        blocks = [
            _block_row(id_, candidate.order[0], index, readings)
            for id_, candidate, index, readings in zip(ids, self.new, indices, fresh, strict=True)
            if readings
        ]
        meters = sorted(counters)
        with connection.cursor() as cursor:
            copy_rows(cursor, f"metering_envelope ({_ENVELOPE_COLUMNS})", self._envelopes(ids, indices))
            if blocks:
                copy_rows(cursor, f"metering_registerblock ({_BLOCK_COLUMNS})", blocks)
            cursor.execute(_SEE_METERS, [self.now, meters, [counters[meter] for meter in meters], meters])
        return [len(readings) for readings in fresh]

    def _envelopes(self, ids: list[int], indices: list[int]) -> list[bytes]:
        received, period = microseconds(self.now), (self.now.date().replace(day=1) - _EPOCH_DAY).days
        rows = []
        for id_, candidate, index in zip(ids, self.new, indices, strict=True):
            sealed = _sealed(candidate, self.handles)
            rows.append(
                _pack_envelope(10, 8, id_, 8, *_with_size(candidate.order), 32, candidate.sha256, len(sealed))
                + sealed
                + _pack_envelope_end(16, candidate.point.bytes, 4, period, 8, received, 8, index, 1, False)
            )
        return rows

    def _known(self, candidate: Candidate, receipts: dict[int, Receipt]) -> ItemResult:
        """Answer a record whose counter was taken: the same receipt for the same readings, else a fork."""
        first = self.firsts[candidate.order]
        readings = len(candidate.record.registers)
        if _same_payload(first, candidate):
            return ItemResult("duplicate", receipt=receipts[first.log_index], readings=readings)
        _keep_fork(candidate, self.handles, self.now)
        refusal = CounterReplayed(
            "PG",
            f"counter {candidate.record.counter} of meter {candidate.registration.serial} was used for other readings",
            "Continue with the next counter; both records are kept and the first one counts",
        )
        return ItemResult("fork", receipt=receipts[first.log_index], readings=readings, refusal=refusal)


def _entry(candidate: Candidate, received: int, day: date) -> NewEntry:
    return NewEntry(
        kind=EntryKind.READING,
        fields={
            "envelopeSha256": candidate.sha256,
            "point": candidate.point.int.to_bytes(32, "big"),
            "counter": candidate.record.counter,
            "receivedAt": received,
        },
        scope=candidate.point,
        period=day,
    )


class _Found(NamedTuple):
    """What the database has about a candidate."""

    version: int
    """The registry's of its meter."""
    envelope: int | None
    """The one that holds the counter, and its READING entry."""
    log_index: int
    taken: list[bytes] | None
    """Register blocks that reach into the record's time."""
    new_id: int
    """For its own envelope."""


_LOOK = f"""
    SELECT m.registry_version, e.id, e.log_index,
        (SELECT array_agg(b.packed) FROM metering_registerblock b WHERE b.meter_id = v.meter
            AND b.last_at >= v.first_at AND b.last_at <= v.last_at + {LONGEST_SPAN} AND b.first_at <= v.last_at),
        nextval('metering_envelope_id_seq')
    FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[])
        WITH ORDINALITY AS v(meter, counter, first_at, last_at, position)
    LEFT JOIN metering_meter m ON m.id = v.meter
    LEFT JOIN metering_envelope e ON e.meter_id = v.meter AND e.counter = v.counter AND NOT e.fork
    ORDER BY v.position
"""


def _look(candidates: list[Candidate]) -> list[_Found]:
    """Return what the database has about each candidate. Raises _Outdated where the registry has changed."""
    meters, counters = zip(*(candidate.order for candidate in candidates), strict=True)
    firsts = [candidate.record.registers[0].at for candidate in candidates]
    lasts = [candidate.record.registers[-1].at for candidate in candidates]
    with connection.cursor() as cursor:
        cursor.execute(_LOOK, [list(meters), list(counters), firsts, lasts])
        rows = cursor.fetchall()
    outdated = {
        candidate.registration.serial
        for candidate, row in zip(candidates, rows, strict=True)
        if row[0] != candidate.registration.version
    }
    if outdated:
        raise _Outdated(outdated)
    return [_Found(*row) for row in rows]


def _fresh_registers(new: list[Candidate], found: list[_Found]) -> list[tuple[RegisterReading, ...]]:
    """Return each record's registers at instants that the meter has no register of yet: the first stored counts."""
    fresh = []
    brought: dict[int, set[int]] = {}
    several = len({candidate.order[0] for candidate in new}) < len(new)
    for candidate, row in zip(new, found, strict=True):
        registers = candidate.record.registers
        taken = {reading.at for block in row.taken or () for reading in unpack(bytes(block))}
        if several:
            # What an earlier record of the same meter brings is taken for the later ones.
            mine = brought.setdefault(candidate.order[0], set())
            taken |= mine
            mine.update(reading.at for reading in registers)
        fresh.append(tuple(reading for reading in registers if reading.at not in taken) if taken else registers)
    return fresh


_EPOCH_DAY = date(2000, 1, 1)
_ENVELOPE_COLUMNS = "id, meter_id, counter, sha256, sealed, key_scope, key_period, received_at, log_index, fork"
_pack_envelope = struct.Struct("!hiqiqiqi32si").pack
_pack_envelope_end = struct.Struct("!i16siiiqiqi?").pack
_BLOCK_COLUMNS = "envelope_id, meter_id, first_at, last_at, log_index, packed"
_pack_block = struct.Struct("!hiqiqiqiqiqi").pack
# A meter's row that a change of the registry holds is left alone: the next record brings it up to date.
_SEE_METERS = """
    UPDATE metering_meter m SET last_counter = greatest(m.last_counter, v.counter),
        last_seen_at = greatest(m.last_seen_at, %s)
    FROM unnest(%s::bigint[], %s::bigint[]) AS v(id, counter) WHERE m.id = v.id AND m.id IN (
        SELECT id FROM metering_meter WHERE id = ANY(%s) FOR NO KEY UPDATE SKIP LOCKED)
"""


def _with_size(order: tuple[int, int]) -> tuple[int, int, int]:
    return order[0], 8, order[1]


def _block_row(envelope: int, meter: int, index: int, readings: Sequence[RegisterReading]) -> bytes:
    packed = pack(readings)
    times = (8, readings[0].at, 8, readings[-1].at)
    return _pack_block(6, 8, envelope, 8, meter, *times, 8, index, len(packed)) + packed


def _sealed(candidate: Candidate, handles: Handles) -> bytes:
    """Return the record packed and encrypted, as `open_envelope` opens it.

    The nonce is the record's own hash, so only the same record ever has the same one; beside it the form it is
    packed in, since another form would be another plaintext.
    """
    packed = compress(candidate.record.raw)
    nonce = packed[:1] + candidate.sha256[: NONCE_SIZE - 1]
    return nonce + handles[candidate.point].cipher.encrypt(
        nonce, packed, nonce_seed(*candidate.order, candidate.sha256)
    )


_FORK = """
    INSERT INTO metering_envelope
        (meter_id, counter, sha256, sealed, key_scope, key_period, received_at, log_index, fork)
    VALUES (%s, %s, %s, %s, %s, %s, %s, NULL, true) ON CONFLICT DO NOTHING
"""


def _keep_fork(candidate: Candidate, handles: Handles, now: datetime) -> None:
    sealed = _sealed(candidate, handles)
    values: list[Any] = [*candidate.order, candidate.sha256, sealed, candidate.point, now.date().replace(day=1), now]
    with connection.cursor() as cursor:
        cursor.execute(_FORK, values)


def _same_payload(first: _First, candidate: Candidate) -> bool:
    """Say whether two records have the same signed bytes: anyone can reshape a signature, that is no fork."""
    if first.candidate is not None:
        return first.candidate.record.payload == candidate.record.payload
    envelope = Envelope.objects.get(pk=first.envelope)
    if bytes(envelope.sha256) == candidate.sha256:
        return True
    try:
        return parse(open_envelope(envelope)).payload == candidate.record.payload
    except Erased:
        return False
