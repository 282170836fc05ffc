"""Whether a record may be taken: by whom it is signed, when, and what the registry says. No row is written here."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from grid.domain import ocmf
from grid.domain.slots import DAY_SECONDS, SLOTS_PER_DAY, slot_of
from grid.metering.errors import (
    FutureReading,
    MeterRevoked,
    MeterUnbound,
    NotFiscal,
    RateLimited,
    TooOld,
    UnknownMeter,
    WrongTopic,
)
from grid.metering.queries.registers import LONGEST_SPAN
from grid.metering.services import limits
from grid.metering.services.parsing import parse
from grid.metering.services.registrations import Key, Registration, load, lookup
from grid.metering.services.verification import verify
from grid.records.services.receipts import Receipt

CLOCK_TOLERANCE_SECONDS = 60
"""How far a meter's time may run ahead of ours."""
OLDEST_DAYS = 400
"""How old the first reading of a record may be: a year of back-log, and some."""


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
class Candidate:
    """A record that passed every check but the counter's."""

    batch: "Batch"
    position: int
    record: ocmf.Record
    registration: Registration
    point: UUID
    sha256: bytes

    @property
    def order(self) -> tuple[int, int]:
        return self.registration.meter, self.record.counter


@dataclass(slots=True)
class Batch:
    """The records of one request on their way: results so far, and those that still wait to be stored."""

    size: int
    now: datetime
    candidates: list[Candidate] = field(default_factory=list)
    results: dict[int, ItemResult] = field(default_factory=dict)

    def refuse(self, position: int, error: ocmf.RecordError) -> None:
        self.results[position] = ItemResult("rejected", refusal=error)

    def in_order(self) -> list[ItemResult]:
        return [self.results[position] for position in range(self.size)]


def prepare(*, records: Sequence[str | bytes], now: datetime, serials: Sequence[str] | None = None) -> Batch:
    """Return a batch whose records are parsed and checked. Bad ones have their result already.

    `serials` names the meter that each record must be of, where the way it came says so.
    """
    batch = Batch(len(records), now)
    parsed: list[tuple[int, ocmf.Record]] = []
    for position, text in enumerate(records):
        try:
            record = parse(text)
            if serials is not None and record.meter_serial != serials[position]:
                raise WrongTopic("MS", "the topic names another meter", "Publish to the topic of the record's meter")
            parsed.append((position, record))
        except ocmf.RecordError as error:
            batch.refuse(position, error)
    if parsed:
        _check_all(batch, parsed, lookup({record.meter_serial for _, record in parsed}))
    return batch


def check_again(candidates: Iterable[Candidate], serials: set[str]) -> None:
    """Check the records of some meters anew, with what the registry says now; some may be refused by it."""
    fresh = load(serials)
    by_batch: dict[int, tuple[Batch, list[tuple[int, ocmf.Record]]]] = {}
    for candidate in candidates:
        if candidate.record.meter_serial in serials:
            batch = candidate.batch
            by_batch.setdefault(id(batch), (batch, []))[1].append((candidate.position, candidate.record))
            batch.candidates.remove(candidate)
    for batch, parsed in by_batch.values():
        _check_all(batch, parsed, fresh, fresh=True, again=True)


def _check_all(
    batch: Batch,
    parsed: list[tuple[int, ocmf.Record]],
    registrations: dict[str, Registration],
    *,
    fresh: bool = False,
    again: bool = False,
) -> None:
    """Sort records into candidates and refusals. What is remembered of the registry never refuses by itself."""
    doubtful: list[tuple[int, ocmf.Record]] = []
    for position, record in parsed:
        registration = registrations.get(record.meter_serial)
        try:
            point = _check(record, registration, batch.now)
            if not again:
                _count(record)
        except ocmf.RecordError as error:
            if fresh or registration is None or isinstance(error, RateLimited):
                batch.refuse(position, error)
            else:
                doubtful.append((position, record))
        else:
            assert registration is not None  # `_check` refuses what has none
            digest = sha256(record.raw).digest()
            batch.candidates.append(Candidate(batch, position, record, registration, point, digest))
    if doubtful:
        _check_all(batch, doubtful, load({record.meter_serial for _, record in doubtful}), fresh=True)


def _count(record: ocmf.Record) -> None:
    """Count a record of a meter that proved who it is. Raises RateLimited."""
    wait = limits.meters.take(record.meter_serial)
    if wait:
        raise RateLimited("MS", "more records of this meter than are taken in a minute", f"Send it again in {wait} s")


def _check(record: ocmf.Record, registration: Registration | None, now: datetime) -> UUID:
    """Return the point that a record's readings are of. Raises the RecordError that refuses it."""
    if record.pagination != "F":
        raise NotFiscal("PG", "a reading within a charging transaction", "Send fiscal records, PG F1, F2 and so on")
    if registration is None:
        raise UnknownMeter("MS", f"no meter {record.meter_serial}", "Ask the operator to register serial and key")
    # A revoked or decommissioned meter has no key for counters from then on; late records from before still count.
    _verify(registration, record)
    latest = record.registers[-1].at
    _check_times(record.registers[0].at, latest, int(now.timestamp()))
    # The instant that ends a day belongs to the slot before it.
    slot = slot_of(latest)
    point = registration.point((slot - 1) // SLOTS_PER_DAY) or registration.point(slot // SLOTS_PER_DAY)
    if point is None:
        raise MeterUnbound(
            "MS", f"no metering point has meter {registration.serial} then", "Ask the operator to bind it"
        )
    return point


def _check_times(first: int, latest: int, now: int) -> None:
    if latest > now + CLOCK_TOLERANCE_SECONDS:
        ahead = latest - now
        raise FutureReading(
            "TM", f"{ahead} s ahead of the platform's clock", "Set the meter's clock; send after the slot"
        )
    if first < now - OLDEST_DAYS * DAY_SECONDS:
        age = (now - first) // DAY_SECONDS
        raise TooOld("TM", f"the first reading is {age} days old", f"Send readings within {OLDEST_DAYS} days")
    if latest - first > LONGEST_SPAN:
        days = LONGEST_SPAN // DAY_SECONDS
        raise ocmf.Oversized("TM", f"more than {days} days from first to last", "Divide the readings among records")


def _verify(registration: Registration, record: ocmf.Record) -> None:
    """Check the signature by the meter's keys that are good for the counter, the newest first where two overlap.

    Raises MeterRevoked when there is no such key, BadSignature when none of them signed the record.
    """
    keys = _keys(registration, record)
    for key in keys[:-1]:
        try:
            verify(record, key.public_key)
        except ocmf.BadSignature:
            continue
        return
    verify(record, keys[-1].public_key)


def _keys(registration: Registration, record: ocmf.Record) -> list[Key]:
    """Return the keys of the record's suite that are good for its counter, by rank; at least one."""
    suite = ocmf.SUITE_NAMES[record.suite]
    counter = record.counter
    good = [
        key
        for key in registration.keys
        if key.from_counter <= counter and (key.to_counter is None or counter < key.to_counter)
    ]
    if not good:
        raise MeterRevoked("PG", f"no key of the meter is good for counter {counter}", "Ask the operator for a key")
    same = [key for key in good if key.suite == suite]
    if not same:
        raise ocmf.BadSignature("SA", f"the meter's key is for {good[0].suite}", "Sign with the registered key")
    return same
