"""What a reading takes on disk, all in, and what ten million interval rows answer in.

The bytes are those of the real path: signed records of a day each, received, closed and logged. The ten million rows
come by COPY, slot after slot as they are closed, with the triggers that keep the zones' sums.
"""

import os
import random
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from grid.config.bench.reach import Reach
from grid.domain.slots import SLOT_SECONDS, SLOTS_PER_DAY

BYTES, DAY_MS, ROLLUP = 240.0, 3.0, 20.0
METERS, DAYS = 1_000, 2
POINTS, ZONES, LOADED_DAYS, SUMMED_DAYS = 1_040, 2, 100, 60
BATCH_SLOTS = 10
"""Slots of a zone in one COPY: about as many rows as a transaction that closes a backlog writes."""
TABLES = (
    "metering_envelope",
    "metering_registerblock",
    "metering_interval",
    "metering_zoneslot",
    "records_entryblock",
    "records_tile",
    "records_word",
)
FIRST_DAY = 18_000  # 2019-04-14, before any other load of a bench


@dataclass(frozen=True)
class Cost:
    """What readings took: bytes by table, and CPU seconds of the process and its database backend."""

    readings: int
    bytes: dict[str, int]
    received_cpu: float
    closed_cpu: float

    @property
    def per_reading(self) -> float:
        return sum(self.bytes.values()) / self.readings


def measure(*, points: int = POINTS, days: int = LOADED_DAYS, meters: int = METERS) -> list[Reach]:
    """Measure both, print where the bytes and the time go, and return the limits."""
    cost = bytes_of_readings(meters)
    for table, size in cost.bytes.items():
        print(f"{table:26} {size / cost.readings:8.1f} B a reading")
    print(
        f"{'CPU of a reading':26} {cost.received_cpu / cost.readings * 1e6:8.1f} us to receive,"
        f" {cost.closed_cpu / cost.readings * 1e6:.1f} us to derive, log, store and sum, database included"
    )
    print(f"the log's one appender logs and stores {appender_rate():,.0f} intervals a CPU-second")
    zones = fill(points, days)
    day, summed, scanned = queries(zones[0], days)
    print(f"zone total per slot, {SUMMED_DAYS} days: {summed:.1f} ms from the sums, {scanned:,.0f} ms from the rows")
    return [
        Reach.at_most("bytes on disk a reading, all in", cost.per_reading, BYTES),
        Reach.at_most("one meter, last day, of 10 M rows, ms", day, DAY_MS),
        Reach.at_least("zone total per slot, 60 days, times quicker than the raw scan", scanned / summed, ROLLUP),
    ]


def bytes_of_readings(count: int, days: int = DAYS) -> Cost:
    """Receive, close and log `days` days of so many meters, a record of 96 readings a day; return what it took."""
    from grid.metering.services import ingest, slots

    zone, fleet = _fleet(count)
    before = _sizes()
    received = 0.0
    for day in range(days):
        now = datetime.fromtimestamp((FIRST_DAY + day + 1) * 86_400 + 60, UTC)
        records = [meter.record() for meter in fleet]
        began = _cpu()
        for start in range(0, count, 8):
            results = ingest(records=records[start : start + 8], now=now)
            if any(result.status != "accepted" for result in results):
                raise RuntimeError(f"a record was not accepted: {results}")
        received += _cpu() - began
    began = _cpu()
    until = (FIRST_DAY + days) * 86_400
    written = slots.close_slots(zone=zone, now=datetime.fromtimestamp(until, UTC), grace_seconds=0)
    closed = _cpu() - began
    if written != count * days * SLOTS_PER_DAY:
        raise RuntimeError(f"{written} intervals were written")
    grown = {table: size - before[table] for table, size in _sizes().items()}
    return Cost(written, grown, received, closed)


def appender_rate(batches: int = 5, size: int = 6_000) -> float:
    """Return intervals logged, stored, summed and committed per second of CPU, of the process and its backend together.

    One after the other: they hold the log's lock meanwhile. What intervals are derived from is left out: any number of
    processes derive at the same time.
    """
    from django.db import transaction

    from grid.domain.registers import Quality, Reason, SlotEnergy
    from grid.metering.models import MeteringPoint
    from grid.metering.services.derivation import Derived
    from grid.metering.services.recording import Version, record_intervals

    points = list(MeteringPoint.objects.all()[:500])
    spent, now = 0.0, datetime.fromtimestamp((FIRST_DAY + 30) * 86_400, UTC)
    slot = (FIRST_DAY + 29) * SLOTS_PER_DAY
    for batch in range(batches + 1):
        versions = []
        for number in range(size):
            at = slot + batch * size // len(points) + number // len(points)
            energy = SlotEnergy(
                at, 90, 0, Quality.VALID, Reason.NONE, number, number + 90, 0, 0, number, number + 1, False
            )
            versions.append(Version(Derived(points[number % len(points)], None, energy)))
        began = _cpu()
        with transaction.atomic():
            record_intervals(versions, now=now)
        # The first batch also makes the keys.
        spent += _cpu() - began if batch else 0.0
    return batches * size / spent


def fill(points: int, days: int) -> list[Any]:
    """Write `days` days of intervals of so many points in two zones; return the zones. Prints the rate."""
    from django.db import connection, transaction

    zones = [_zone(f"rows-{number}") for number in range(ZONES)]
    numbers = [_points(zone, points // ZONES) for zone in zones]
    rows, spent = 0, 0.0
    for columns, data in _blocks(numbers, days):
        began = time.perf_counter()
        with transaction.atomic(), connection.cursor() as cursor:
            with cursor.copy(f"COPY metering_interval ({columns}) FROM STDIN (FORMAT BINARY)") as copy:
                copy.write(data)
            rows += cursor.rowcount
        spent += time.perf_counter() - began
    _vacuum("metering_interval", "metering_zoneslot")
    print(f"{rows:,} interval rows loaded at {rows / spent:,.0f} rows/s, sums included")
    return zones


def _blocks(numbers: list[range], days: int) -> Iterator[tuple[str, bytes]]:
    """Yield columns and rows in COPY's binary form, some slots of one zone at a time."""
    import numpy as np

    columns = "log_index, known_at, slot, point_id, import_wh, export_wh, version, quality"
    kinds = dict(zip(columns.split(", "), ("i8", "i8", "i4", "i4", "i4", "i4", "i2", "i2"), strict=True))
    fields = [("fields", ">i2")]
    for name, kind in kinds.items():
        fields += [(f"{name}_size", ">i4"), (name, f">{kind}")]
    dice, index, first = np.random.default_rng(7), 10**9, _loaded_first()
    for start in range(first, first + days * SLOTS_PER_DAY, BATCH_SLOTS):
        slots = np.arange(start, min(start + BATCH_SLOTS, first + days * SLOTS_PER_DAY))
        for points in numbers:
            rows = np.zeros(len(slots) * len(points), dtype=fields)
            rows["fields"] = len(kinds)
            for name, kind in kinds.items():
                rows[f"{name}_size"] = int(kind[1])
            rows["slot"], rows["point_id"] = np.repeat(slots, len(points)), np.tile(points, len(slots))
            rows["log_index"] = index + np.arange(len(rows))
            rows["known_at"] = (np.repeat(slots, len(points)) * SLOT_SECONDS + 1_500 - 946_684_800) * 1_000_000
            rows["import_wh"] = dice.integers(0, 700, len(rows))
            rows["export_wh"] = dice.integers(0, 900, len(rows)) * (dice.random(len(rows)) < 0.2)
            rows["quality"] = np.where(dice.random(len(rows)) < 0.01, 9, 0)
            index += len(rows)
            yield columns, b"PGCOPY\n\xff\r\n\x00" + bytes(8) + rows.tobytes() + b"\xff\xff"


def queries(zone: Any, days: int) -> tuple[float, float, float]:
    """Return milliseconds: a point's last day; the zone's totals per slot from the sums, and from the rows."""
    from django.db import connection

    from grid.metering.models import MeteringPoint
    from grid.metering.queries import energy_by_slot, intervals

    after = _loaded_first() + days * SLOTS_PER_DAY
    first = after - min(SUMMED_DAYS, days) * SLOTS_PER_DAY
    points = list(MeteringPoint.objects.filter(zone=zone).values_list("pk", flat=True)[:50])
    turn = iter(points * 10)

    def one_day() -> int:
        rows = intervals(points=[next(turn)], from_slot=after - SLOTS_PER_DAY, to_slot=after)
        return len(rows.values_list("slot", "import_wh", "export_wh", "quality", "log_index"))

    def sums() -> int:
        return len(energy_by_slot(zone=zone, from_slot=first, to_slot=after))

    def scan() -> int:
        with connection.cursor() as cursor:
            cursor.execute(_SCAN, [zone.pk, first, after])
            return len(cursor.fetchall())

    return _median(one_day, 50, SLOTS_PER_DAY), _median(sums, 15, after - first), _median(scan, 3, after - first)


_SCAN = """
    SELECT slot, sum(import_wh), sum(export_wh), count(*), count(*) FILTER (WHERE quality <> 0) FROM (
        SELECT DISTINCT ON (i.slot, i.point_id) i.slot, i.import_wh, i.export_wh, i.quality
        FROM metering_interval i JOIN metering_meteringpoint p ON p.number = i.point_id
        WHERE p.zone_id = %s AND i.slot >= %s AND i.slot < %s ORDER BY i.slot, i.point_id, i.version DESC
    ) newest GROUP BY slot ORDER BY slot
"""


def _median(work: Callable[[], int], times: int, expected: int) -> float:
    found = []
    for _ in range(times + 1):
        began = time.perf_counter()
        rows = work()
        found.append((time.perf_counter() - began) * 1_000)
        if rows != expected:
            raise RuntimeError(f"{rows} rows instead of {expected}")
    return statistics.median(found[1:])


def _cpu() -> float:
    """CPU seconds of this process and, where it runs on this machine, of its database backend."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (process,) = cursor.fetchone()
    stat = Path(f"/proc/{process}/stat")
    try:
        fields = stat.read_text().rsplit(")", 1)[1].split()
    except OSError:
        return time.process_time()
    return time.process_time() + (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _sizes() -> dict[str, int]:
    """Bytes of each table with its indexes, as full as it is: what a page has free is not a reading's."""
    from django.db import connection

    _vacuum(*TABLES)
    with connection.cursor() as cursor:
        cursor.execute("SELECT t, pg_total_relation_size(t::regclass) FROM unnest(%s::text[]) t", [list(TABLES)])
        return dict(cursor.fetchall())


def _vacuum(*tables: str) -> None:
    """As the owner of the tables, where the platform's own role is another."""
    import psycopg
    from django.conf import settings

    url = os.environ.get("DATABASE_OWNER_URL") or os.environ["DATABASE_URL"]
    with psycopg.connect(url, autocommit=True, dbname=settings.DATABASES["default"]["NAME"]) as owner:
        for table in tables:
            owner.execute(f"VACUUM ANALYZE {table}".encode())


def _loaded_first() -> int:
    return (FIRST_DAY - LOADED_DAYS - 1) * SLOTS_PER_DAY


def _zone(slug: str) -> Any:
    from grid.accounts.models import Community, Zone

    community = Community.objects.create(slug=slug, name=slug, time_zone="UTC", currency="EUR", country="DE")
    return Zone.objects.create(community=community, name=slug, feeder_rating_w=1, latitude=0, longitude=0)


def _points(zone: Any, count: int) -> range:
    """Register points; return their numbers, which follow one another."""
    from grid.metering.models import MeteringPoint

    registered = datetime.fromtimestamp(FIRST_DAY * 86_400, UTC)
    rows = MeteringPoint.objects.bulk_create(
        MeteringPoint(zone=zone, name=f"{zone.name} {number}", fuse_w=17_250, registered_at=registered)
        for number in range(count)
    )
    return range(rows[0].number, rows[-1].number + 1)


class _Meter:
    """A meter with believable registers; every fifth has panels."""

    def __init__(self, serial: str, private_key: int) -> None:
        self.serial, self.private_key, self.counter = serial, private_key, 0
        self.slot = FIRST_DAY * SLOTS_PER_DAY
        self.dice = random.Random(private_key)
        self.imported, self.exported = self.dice.randrange(10**7), 0
        self.sunny = private_key % 5 == 0

    def record(self) -> str:
        """Sign a day of registers, each at the end of its slot."""
        from grid.domain import ocmf
        from grid.domain.entries import Suite

        registers = []
        for _ in range(SLOTS_PER_DAY):
            self.slot += 1
            self.imported += int(self.dice.lognormvariate(4.2, 0.9))
            if self.sunny and 28 < self.slot % SLOTS_PER_DAY < 72:
                self.exported += self.dice.randrange(900)
            registers.append((self.slot * SLOT_SECONDS, self.imported, self.exported))
        self.counter += 1
        payload = ocmf.build_payload(serial=self.serial, counter=self.counter, registers=registers)
        signature = ocmf.sign(payload, suite=Suite.SECP256K1, private_key=self.private_key)
        return ocmf.render(payload, suite=Suite.SECP256K1, signature=signature)


def _fleet(count: int) -> tuple[Any, list[_Meter]]:
    """Register meters, each bound to a point of one zone. Their KEY and BINDING entries are left out."""
    from grid.domain.entries import Suite
    from grid.domain.ocmf import SUITE_NAMES, public_key_bytes
    from grid.metering.models import Binding, Meter, MeteringPoint, MeterKey

    zone = _zone("bytes")
    _points(zone, count)
    fleet = [_Meter(f"ST-{number:06d}", 10**6 + number) for number in range(count)]
    meters = Meter.objects.bulk_create(Meter(serial=meter.serial, vendor="Bench", model="1") for meter in fleet)
    MeterKey.objects.bulk_create(
        MeterKey(
            meter=row,
            suite=SUITE_NAMES[Suite.SECP256K1],
            public_key=public_key_bytes(Suite.SECP256K1, meter.private_key),
        )
        for row, meter in zip(meters, fleet, strict=True)
    )
    recorded = datetime.fromtimestamp(FIRST_DAY * 86_400, UTC)
    points = MeteringPoint.objects.filter(zone=zone).order_by("number")
    Binding.objects.bulk_create(
        Binding(point=point, meter=row, from_day=FIRST_DAY, co_signature=b"", recorded_at=recorded)
        for point, row in zip(points, meters, strict=True)
    )
    return zone, fleet
