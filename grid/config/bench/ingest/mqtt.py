"""Readings over MQTT with QoS 1, one signature over 96 readings a message, by the embedded broker and one bridge."""

import json
import subprocess
import sys
from base64 import b64encode

from grid.config.bench.ingest import fleet
from grid.config.bench.ingest.platform import Platform
from grid.config.bench.reach import Reach
from grid.config.demo.devices import BROKER_VARIABLE
from grid.config.servers.broker import password

METERS, RECORDS = 16, 60
COMMUNITY = "bench"


def measure(place: Platform, meters: list[fleet.BenchMeter], *, http_per_cpu_second: float) -> list[Reach]:
    """Publish days of some meters and return their rate beside the one over HTTP."""
    supervisor = place.supervisor
    secret = supervisor.folder.secret("mqtt-secret")
    chosen = meters[:METERS]
    file = place.folder / "published.json"
    records = {
        meter.serial: [b64encode(meter.record(96).encode()).decode() for _ in range(RECORDS)] for meter in chosen
    }
    passwords = {meter.serial: password(secret, meter.serial) for meter in chosen}
    file.write_text(json.dumps({"community": COMMUNITY, "passwords": passwords, "records": records}))
    bridge, database, broker = place.cpu("mqtt"), place.cpu("PostgreSQL"), place.cpu("MQTT broker")
    arguments = ["-m", "grid.config.bench.ingest.publish", supervisor.told[BROKER_VARIABLE], str(file)]
    done = subprocess.run([sys.executable, *arguments], stdout=subprocess.PIPE, check=True)
    found = json.loads(done.stdout)
    readings = found["accepted"] * 96
    bridge, database = place.cpu("mqtt") - bridge, place.cpu("PostgreSQL") - database
    broker = place.cpu("MQTT broker") - broker
    print(
        f"{'the same over MQTT, QoS 1':34} {readings / found['seconds']:12,.0f} {readings / bridge:14,.0f}"
        f" {database / readings * 1e6:16,.1f}   (the bridge's CPU, {bridge:.1f} s; the broker's, {broker:.1f} s)"
    )
    share = readings / bridge / http_per_cpu_second * 100
    return [Reach.at_least("MQTT QoS 1, readings per bridge CPU-s, % of HTTP batch path", share, 80)]
