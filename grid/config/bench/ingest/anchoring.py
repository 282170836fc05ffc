"""Ten thousand meters at the end of a slot: how long until every reading is received, logged and anchored on chain."""

import time

from grid import clock
from grid.config.bench.ingest import fleet
from grid.config.bench.ingest.http import _json, rate
from grid.config.bench.ingest.platform import Platform
from grid.config.bench.reach import Reach

METERS = 10_000
LIMIT_SECONDS = 20.0
PATIENCE = 120.0


def measure(place: Platform) -> list[Reach]:
    from grid.config.celery import app
    from grid.records import queries

    meters = fleet.found(METERS, now=clock.now(), slug="slot")
    records = [meter.record(1) for meter in meters]
    bodies = [_json(records[start : start + 96]) for start in range(0, len(records), 96)]
    began = time.monotonic()
    found = rate(place, bodies, readings=1, connections=8)
    size = queries.log_size()
    received = time.monotonic() - began
    while (anchored := queries.latest_anchored()) is None or anchored.size < size:
        if time.monotonic() - began > PATIENCE:
            raise RuntimeError("the log was not anchored")
        app.send_task("grid.config.tasks.sweep")
        time.sleep(0.5)
    seconds = time.monotonic() - began
    print(f"\n{found.readings:,} meters' readings: logged after {received:.1f} s, anchored after {seconds:.1f} s")
    what = "seconds until 10,000 meters' readings are received, logged, anchored"
    return [Reach.at_most(what, seconds, LIMIT_SECONDS)]
