"""Readings over HTTP: single ones, 96 signatures a request, one signature over 96 readings."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass

from grid import clock
from grid.config.bench.ingest import fleet, limits, load
from grid.config.bench.ingest.platform import Platform
from grid.config.bench.reach import Reach

METERS = 1_000
Bodies = Callable[[list[fleet.BenchMeter]], list[bytes]]


@dataclass(frozen=True)
class Rate:
    """What one kind of load came to."""

    readings: int
    seconds: float
    web_cpu: float
    database_cpu: float

    @property
    def per_second(self) -> float:
        return self.readings / self.seconds

    @property
    def per_cpu_second(self) -> float:
        return self.readings / self.web_cpu


def _json(records: list[str]) -> bytes:
    return json.dumps({"records": records}).encode()


def singles(meters: list[fleet.BenchMeter]) -> list[bytes]:
    return [_json([meter.record(1)]) for _ in range(6) for meter in meters]


def batches(meters: list[fleet.BenchMeter]) -> list[bytes]:
    records = [meter.record(1) for _ in range(20) for meter in meters]
    return [_json(records[start : start + 96]) for start in range(0, len(records), 96)]


def days(meters: list[fleet.BenchMeter]) -> list[bytes]:
    records = [meter.record(96) for _ in range(2) for meter in meters]
    return [_json(records[start : start + 8]) for start in range(0, len(records), 8)]


def compact_days(meters: list[fleet.BenchMeter]) -> list[bytes]:
    from base64 import b64encode

    records = [b64encode(meter.compact(96)).decode() for _ in range(4) for meter in meters]
    return [_json(records[start : start + 8]) for start in range(0, len(records), 8)]


def rate(place: Platform, bodies: list[bytes], *, readings: int, connections: int) -> Rate:
    """Send requests and return how that went. `readings` is how many each accepted record has."""
    file = place.folder / "requests"
    load.write(file, bodies)
    arguments = ["127.0.0.1", str(place.port), str(connections), str(file)]
    web, database = place.cpu("web"), place.cpu("PostgreSQL")
    done = subprocess.run(
        [sys.executable, "-m", "grid.config.bench.ingest.load", *arguments], stdout=subprocess.PIPE, check=True
    )
    found = json.loads(done.stdout)
    if found["bad"]:
        raise RuntimeError(f"{found['bad']} requests were not answered with 200")
    used = place.cpu("web") - web, place.cpu("PostgreSQL") - database
    return Rate(found["accepted"] * readings, found["seconds"], *used)


def measure(place: Platform) -> list[Reach]:
    """Measure every way of sending, the same run's limits beside them."""
    from django.db import connection

    from grid.config.bench.ingest import mqtt

    meters = fleet.found(METERS, now=clock.now())
    verify = limits.verify_rate()
    flushes = limits.flush_rate(place.folder)
    copied = limits.copy_rate(connection)
    rate(place, [_json([meter.record(1)]) for meter in meters], readings=1, connections=16)  # keys are made
    print(f"{'':34} {'readings/s':>12} {'per web CPU-s':>14} {'database CPU us':>16}")
    rates = {}
    for name, bodies, readings, connections in (
        ("one reading a request", singles, 1, 64),
        ("96 signatures a request", batches, 1, 16),
        ("one signature over 96 readings", days, 96, 8),
        ("the same in compact form", compact_days, 96, 8),
    ):
        found = rates[name] = rate(place, bodies(meters), readings=readings, connections=connections)
        print(
            f"{name:34} {found.per_second:12,.0f} {found.per_cpu_second:14,.0f}"
            f" {found.database_cpu / found.readings * 1e6:16,.1f}"
        )
    over_http = rates["one signature over 96 readings"].per_cpu_second
    published = mqtt.measure(place, meters, http_per_cpu_second=over_http)
    print(f"\nC libsecp256k1 verifies {verify:,.0f} signatures/s; COPY with conflicts {copied:,.0f} rows/s;")
    print(f"fdatasync {flushes:,.0f}/s before, {limits.flush_rate(place.folder):,.0f}/s after")
    single, batch, day = (rates[name].per_cpu_second / verify * 100 for name in list(rates)[:3])
    rows = rates["one signature over 96 readings"].per_second / copied * 100
    return [
        Reach.at_least("single readings per web CPU-s, % of C verify rate", single, 10),
        Reach.at_least("96 signatures a request, readings per web CPU-s, % of C verify rate", batch, 50),
        Reach.at_least("one signature over 96, readings per web CPU-s, % of C verify rate", day, 150),
        Reach.at_least("one signature over 96, readings/s, % of COPY with conflicts", rows, 40),
        *published,
    ]
