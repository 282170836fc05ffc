"""kill -9 of every process that a reading passes, under load: what was receipted is there, once."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from coincurve import PrivateKey

from grid.config.bench.ingest.fleet import BenchMeter
from grid.config.demo.devices import BROKER_VARIABLE
from grid.config.runtime import DataFolder
from grid.config.servers.broker import password
from grid.simulator.client import ClientError
from grid.simulator.mqtt import Brokerage, MqttDevice
from tests.platform.support import ROOT, clean_environment
from tests.platform.test_whole import Platform

pytestmark = pytest.mark.platform

METERS, PUBLISHING = 6, 2
PATIENCE = 120.0
VICTIMS = ("web", "PostgreSQL", "mqtt", "MQTT broker", "worker:default")
PAUSE = 2.0
"""Seconds of load between two kills."""


def meters() -> list[BenchMeter]:
    """The fleet that `tests.platform.fleet found` registers; its keys are no secret."""
    first = (int(time.time()) // 86_400 - 300) * 96
    return [
        BenchMeter(f"CW-bench-{number:06d}", PrivateKey(bytes([1]) + number.to_bytes(31, "big")), first)
        for number in range(METERS)
    ]


class Sender(threading.Thread):
    """A device that keeps each record until it has its result, then makes the next one."""

    def __init__(self, meter: BenchMeter, stop: threading.Event) -> None:
        super().__init__(name=meter.serial)
        self.meter = meter
        self.stop = stop
        self.receipts: dict[int, int] = {}
        """Log index by counter."""
        self.problems: list[Any] = []
        self.repeats = 0

    def run(self) -> None:
        while not self.stop.is_set():
            record = self.meter.record(1).encode()
            while (result := self.result_of(record)) is None and not self.stop.is_set():
                self.repeats += 1
                time.sleep(0.05)
            if result is not None and result["status"] in ("accepted", "duplicate"):
                self.receipts[self.meter.counter] = result["receipt"]["index"]
            elif result is not None:
                self.problems.append(result)
            time.sleep(0.01)

    def result_of(self, record: bytes) -> dict[str, Any] | None:
        """Send a record once; None when nothing came back that says what became of it."""
        raise NotImplementedError


class Posting(Sender):
    def __init__(self, meter: BenchMeter, stop: threading.Event, url: str) -> None:
        super().__init__(meter, stop)
        self._http = httpx.Client(base_url=url, timeout=10)

    def result_of(self, record: bytes) -> dict[str, Any] | None:
        try:
            answer = self._http.post("/api/v1/readings", json={"records": [record.decode()]})
        except httpx.TransportError:
            return None
        if answer.status_code != 200:
            assert answer.status_code == 503, answer.text
            return None
        (result,) = answer.json()["results"]
        known: dict[str, Any] = result
        return known


class Publishing(Sender):
    """The simulator's device hears the results; what it reads of them is looked at here."""

    def __init__(self, meter: BenchMeter, stop: threading.Event, brokerage: Brokerage) -> None:
        super().__init__(meter, stop)
        self._brokerage = brokerage

    def result_of(self, record: bytes) -> dict[str, Any] | None:
        device = MqttDevice(self._brokerage, self.meter.serial)
        heard: list[dict[str, Any]] = []
        device.heard = heard.append
        try:
            device.send([record])
        except ClientError:
            return None
        finally:
            device.close()
        return heard[-1] if heard else None


def run(platform: Platform, *arguments: str) -> str:
    environment = clean_environment(**platform.run_file()["env"])
    done = subprocess.run(
        [sys.executable, "-m", "tests.platform.fleet", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def kill(platform: Platform, name: str) -> None:
    """Kill a process and wait until another has taken its place and everything works."""
    before = platform.processes[name]
    os.kill(before, signal.SIGKILL)
    platform.wait_for(lambda: platform.processes.get(name, before) != before and platform.is_ready(), name)


def test_every_receipted_reading_is_there_once(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grid.simulator.mqtt.PATIENCE_SECONDS", 3.0)
    monkeypatch.setattr("grid.simulator.mqtt.ATTEMPTS", 1)
    folder = DataFolder(data)
    platform = Platform(folder)
    platform.start()
    stop = threading.Event()
    try:
        run(platform, "found", str(METERS))
        secret = (data / "mqtt-secret").read_text().strip()
        host, _, port = platform.run_file()["env"][BROKER_VARIABLE].rpartition(":")
        fleet = meters()
        passwords = {meter.serial: password(secret, meter.serial) for meter in fleet}
        brokerage = Brokerage(host, int(port), "bench", passwords)
        url = f"http://127.0.0.1:{platform.port}"
        senders: list[Sender] = [Publishing(meter, stop, brokerage) for meter in fleet[:PUBLISHING]]
        senders += [Posting(meter, stop, url) for meter in fleet[PUBLISHING:]]
        for sender in senders:
            sender.start()
        for name in VICTIMS:
            time.sleep(PAUSE)
            kill(platform, name)
        time.sleep(PAUSE)
        stop.set()
        for sender in senders:
            sender.join(PATIENCE)
            assert not sender.is_alive()
        found = json.loads(run(platform, "look"))
    finally:
        stop.set()
        platform.end()
    assert found["damage"] == ""
    _compare(senders, found["envelopes"])


def _compare(senders: list[Sender], envelopes: list[Any]) -> None:
    kept: dict[tuple[str, int], list[Any]] = {}
    for serial, counter, index, instants in envelopes:
        kept.setdefault((serial, counter), []).append((index, instants))
    for sender in senders:
        assert not sender.problems
        assert len(sender.receipts) > 20, f"{sender.name} hardly sent"
        for counter, index in sender.receipts.items():
            ((known, instants),) = kept[sender.name, counter]
            assert known == index
            assert len(instants) == 1
        # Each instant of a meter is stored once, whichever records were sent again.
        mine = [at for (serial, _), rows in kept.items() if serial == sender.name for _, ats in rows for at in ats]
        assert len(mine) == len(set(mine))
    assert sum(sender.repeats for sender in senders) > 0
