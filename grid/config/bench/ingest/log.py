"""What the log does at ten million entries: proofs, bytes on disk, and how fast it is written and checked.

The first entries are real: INTERVALs with their registers, as metering writes them, through the log's own append. They
are what bytes, writing and checking are measured on. The rest of the ten million are blocks of random bytes of the
same length, put into the same tables with the roots of their tiles: proofs see hashes, and need no more.
"""

import os
import random
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from grid.config.bench.reach import Reach

ENTRIES = 10_000_000
REAL = 200_000
POINTS = 1_000
PROOFS = 400
PROOF_MS, BYTES = 5.0, 90.0
BLOCK, BATCH = 256, 100
BEGIN = datetime(2026, 9, 1, tzinfo=UTC)
FIRST_SLOT = int(BEGIN.timestamp()) // 900
TABLES = ("records_entryblock", "records_tile", "records_word", "records_logkey")


def measure(*, entries: int = ENTRIES, real: int = REAL) -> list[Reach]:
    """Fill the log, print what was measured, and return what has a limit. Needs Django with a migrated database."""
    from grid.records import queries

    start, before = queries.log_size(), _sizes()
    written = _append_real(real)
    after = _sizes()
    each = (sum(after.values()) - sum(before.values())) / real
    print(f"appended {real:,} INTERVAL entries: {real / written:,.0f} a CPU second of the appender")
    for table in TABLES:
        print(f"  {table:20} {(after[table] - before[table]) / real:8.2f} B an entry")
    checked, seconds = _verify()
    print(f"verify_log opens and hashes {checked / seconds:,.0f} entries a second")
    began = time.perf_counter()
    _fill(entries - queries.log_size())
    size = queries.log_size()
    print(f"filled up to {size:,} entries in {time.perf_counter() - began:,.0f} s")
    cpu = time.process_time()
    took = sorted(_proofs(size))
    cpu = (time.process_time() - cpu) / len(took) * 1_000
    p99 = took[len(took) * 99 // 100] * 1_000
    print(f"inclusion proofs: median {took[len(took) // 2] * 1_000:.2f} ms, p99 {p99:.2f} ms of {len(took)}")
    print(f"  this process's share of one: {cpu:.2f} ms of CPU; the rest is PostgreSQL and waiting for a core")
    assert size >= entries >= start  # the figures are of what they say
    return [
        Reach.at_most(f"ms of an inclusion proof, p99, {size:,} entries, to verified", p99, PROOF_MS),
        Reach.at_most("bytes of an INTERVAL entry on disk, all in", each, BYTES),
    ]


def _sizes() -> dict[str, int]:
    from django.db import connection

    with connection.cursor() as cursor:
        sizes = {}
        for table in TABLES:
            cursor.execute("SELECT pg_total_relation_size(%s)", [table])
            (sizes[table],) = cursor.fetchone()
    return sizes


def _append_real(count: int) -> float:
    """Append slot after slot of all points; return the CPU seconds of the appends alone."""
    from django.db import transaction

    from grid.records.services import append

    chance = random.Random(6962)
    points = [_Point(UUID(int=chance.getrandbits(128)), number, chance) for number in range(POINTS)]
    spent = 0.0
    for slot in range(FIRST_SLOT, FIRST_SLOT + count // POINTS):
        now = BEGIN + timedelta(seconds=900 * (slot - FIRST_SLOT + 1))
        entries = [point.next(slot, chance, now) for point in points]
        began = time.process_time()
        with transaction.atomic():
            append(entries=entries, now=now)
        spent += time.process_time() - began
    return spent


class _Point:
    """A metering point whose registers grow, with a record of 96 readings a day."""

    def __init__(self, scope: UUID, number: int, chance: random.Random) -> None:
        self.scope = scope
        self.word = scope.int.to_bytes(32, "big")
        self.meter = sha256(b"%d" % number).digest()
        self.number = number
        self.imported = chance.randrange(10**6, 3 * 10**7)
        self.exported = chance.randrange(10**6, 3 * 10**7) if number % 2 else 0

    def next(self, slot: int, chance: random.Random, now: datetime) -> Any:
        from grid.domain import entries as domain
        from grid.domain.entries import EntryKind, LeafKind
        from grid.records.services import NewEntry, keys

        used = chance.randrange(20, 900)
        fed = chance.randrange(1_500) if self.exported and 28 <= slot % 96 < 76 else 0
        day = (slot - FIRST_SLOT) // 96
        reading = 3_000_000 + day * POINTS + self.number
        key = keys.key_for(scope=self.scope, period=BEGIN.date(), now=now)
        opening: dict[str, Any] = {
            "importStart": self.imported,
            "importEnd": self.imported + used,
            "exportStart": self.exported,
            "exportEnd": self.exported + fed,
            "modulus": 10**9,
            "meterStart": self.meter,
            "meterEnd": self.meter,
            "readingStart": reading,
            "readingEnd": reading + (POINTS if slot % 96 == 95 else 0),
            "interpolated": chance.random() < 0.01,
        }
        self.imported, self.exported = opening["importEnd"], opening["exportEnd"]
        salt = domain.salt(key.key, "REGISTERS", tree=self.word, position=slot)
        document = domain.encode(LeafKind.REGISTERS, opening, salt)
        fields: dict[str, Any] = {
            "point": self.word,
            "slot": slot,
            "importWh": used,
            "exportWh": fed,
            "quality": 9 if opening["interpolated"] else 0,
            "version": 0,
            "supersedes": None,
            "bindingIndex": 3 * self.number,
            "registersCommitment": sha256(b"\x00" + document).digest(),
        }
        return NewEntry(EntryKind.INTERVAL, fields, self.scope, BEGIN.date(), document)


def _verify() -> tuple[int, float]:
    """Check the log as `verify_log` does; return entries and seconds."""
    from grid.records.queries import damage

    began = time.perf_counter()
    health = damage.check(with_chain=False)
    if health.damage:
        raise AssertionError(health.damage)
    return health.size, time.perf_counter() - began


def _fill(count: int) -> None:
    """Append blocks of random hashes and data, as long as the last real one's, with the roots of their tiles."""
    from django.db import connection, transaction

    from grid.domain import merkle
    from grid.records import queries
    from grid.records.queries import blocks
    from grid.records.services import entries as services

    (model,) = [block for block in blocks.latest(2_000) if block.size == BLOCK][:1]
    while count > 0:
        first, made, hashes = queries.log_size(), [], []
        for start, size in _cuts(first, min(count, BATCH * BLOCK)):
            packed = os.urandom(32 * size)
            data = os.urandom(len(model.data) * size // BLOCK)
            made.append(replace(model, first=start, size=size, hashes=packed, data=data))
            hashes += merkle.split_hashes(packed)
        with transaction.atomic(), connection.cursor() as cursor:
            services.copy_blocks(cursor, made)
            services.append_tiles(cursor, first=first, hashes=hashes)
        count -= len(hashes)


def _cuts(first: int, count: int) -> Iterator[tuple[int, int]]:
    """Yield (first, size) of blocks that end where tiles end."""
    stop = first + count
    while first < stop:
        size = min(stop - first, BLOCK - first % BLOCK)
        yield first, size
        first += size


def _proofs(size: int) -> Iterator[float]:
    """Yield the seconds of proofs of random entries: hash and path from the database, verified against the root."""
    from grid.domain import merkle
    from grid.records import queries

    chance = random.Random(9162)
    root = queries.root_of(size)
    for _ in range(PROOFS):
        index = chance.randrange(size)
        began = time.perf_counter()
        found = queries.inclusion(index, size)
        merkle.verify_inclusion(found.leaf_hash, index, size, found.path, root)
        yield time.perf_counter() - began


if __name__ == "__main__":
    from grid.config.bench.reach import report
    from grid.config.bench.settlement.chain import platform_parts

    with platform_parts():
        found = measure()
    raise SystemExit(report("log", found, as_json=False))
