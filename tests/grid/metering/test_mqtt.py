"""The MQTT bridge, against real brokers: what a device is answered, and what the broker keeps for us."""

import itertools
import json
import logging
import os
import queue
import signal
import sys
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError
from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from grid import clock
from grid.accounts.models import Zone
from grid.config.servers.processes import spawn, stop, wait_until
from grid.domain import receipts
from grid.domain.entries import Suite
from grid.metering.bridge import intake, link
from grid.metering.bridge.address import parse
from grid.metering.bridge.running import run
from grid.metering.models import Envelope
from grid.records import log_key
from tests.grid.metering.brokers import KINDS, PASSWORD, USER, TestBroker
from tests.grid.metering.conftest import FIRST_SLOT, Home, add_home, at_slot

NOW = at_slot(FIRST_SLOT + 2, 5)
READINGS = [(FIRST_SLOT, 1000, 50), (FIRST_SLOT + 1, 1200, 50)]
PATIENCE = 20.0
Script = Iterator[None]


class Device:
    """A meter's gateway: publishes to one topic and hears the results."""

    def __init__(self, broker: TestBroker, serial: str) -> None:
        self.topic = f"grid/v1/hill/{serial}"
        self.results: queue.Queue[dict[str, Any]] = queue.Queue()
        self.listening = False
        self._broker = broker
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2)
        self._client.username_pw_set(USER, PASSWORD)
        self._client.on_connect = lambda client, *_: client.subscribe(self.topic + "/ack", qos=1)
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = lambda client, userdata, message: self.results.put(json.loads(message.payload))

    def start(self) -> None:
        self.listening = False
        self._client.connect("127.0.0.1", self._broker.port)
        self._client.loop_start()
        wait_until(lambda: self.listening, what="The device", seconds=PATIENCE)

    def stop(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def publish(self, record: str | bytes) -> None:
        sent = self._client.publish(self.topic + "/reading", record, qos=1)
        sent.wait_for_publish(PATIENCE)
        assert sent.is_published()

    def heard(self) -> dict[str, Any]:
        return self.results.get(timeout=PATIENCE)

    def _on_subscribe(self, *_: Any) -> None:
        self.listening = True


def play(broker: TestBroker, script: Script, *, password: str = PASSWORD) -> None:
    """Run the bridge in this thread, on the test's database connection; after each turn the script goes on."""
    limit = time.monotonic() + PATIENCE

    def ended() -> bool:
        assert time.monotonic() < limit, "the script waits in vain"
        return next(script, Script) is Script

    run(parse(broker.url(password)), until=ended, sleep=lambda seconds: None)


def until(ready: Callable[[], bool]) -> Script:
    while not ready():
        yield


def results(device: Device, number: int) -> Script:
    """Until the device has heard so many results."""
    return until(lambda: device.results.qsize() >= number)


def subscribed(caplog: pytest.LogCaptureFixture) -> Script:
    """Until the broker has taken the bridge's subscription once more."""
    before = caplog.text.count("the broker sends readings")
    return until(lambda: caplog.text.count("the broker sends readings") > before)


def live(device: Device, text: str, caplog: pytest.LogCaptureFixture, then: Script) -> Script:
    """A reading sent while the bridge listens."""
    yield from subscribed(caplog)
    device.publish(text)
    yield from then


def answered_next_time(broker: TestBroker, device: Device, text: str, caplog: pytest.LogCaptureFixture) -> Script:
    """The bridge starts again; what the broker does not send again of itself, the device does."""
    yield from subscribed(caplog)
    if not broker.redelivers:
        device.publish(text)
    yield from results(device, 1)


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    # It would close the connection that holds the test's transaction; Django's test client does without it, too.
    monkeypatch.setattr(intake, "close_old_connections", lambda: None)
    caplog.set_level(logging.INFO, logger="grid.metering.bridge")


@pytest.fixture(params=KINDS)
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TestBroker]:
    broker = TestBroker(request.param, tmp_path)
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def device(broker: TestBroker, alice: Home, caplog: pytest.LogCaptureFixture) -> Iterator[Device]:
    """Alice's device; the bridge has a session at the broker, which from now on keeps what it misses."""
    play(broker, subscribed(caplog))
    device = Device(broker, alice.identity.serial)
    device.start()
    yield device
    device.stop()


def test_a_reading_is_accepted_and_its_result_published(broker: TestBroker, device: Device, alice: Home) -> None:
    text = alice.record(1, READINGS)
    device.publish(text)

    play(broker, results(device, 1))

    result = device.heard()
    assert (result["status"], result["readings"], result["stored"]) == ("accepted", 2, 2)
    receipts.verify(result["receipt"], public_key=log_key.signer().public_key)
    assert result["record"] == sha256(text.encode()).hexdigest()
    assert Envelope.objects.get().counter == 1


def test_a_repeat_gets_the_same_receipt(broker: TestBroker, device: Device, alice: Home) -> None:
    for _ in range(2):
        device.publish(alice.record(1, READINGS))

    play(broker, results(device, 2))

    first, again = device.heard(), device.heard()
    assert (first["status"], again["status"]) == ("accepted", "duplicate")
    assert first["receipt"] == again["receipt"]


def test_many_readings_are_taken_in_batches(
    broker: TestBroker, device: Device, alice: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches: list[int] = []
    ingest = intake.ingest

    def counted(**arguments: Any) -> Any:
        batches.append(len(arguments["records"]))
        return ingest(**arguments)

    monkeypatch.setattr(intake, "ingest", counted)
    for counter in range(1, 101):
        device.publish(alice.record(counter, READINGS))

    play(broker, results(device, 100))

    assert {device.heard()["status"] for _ in range(100)} == {"accepted"}
    assert sum(batches) == 100
    assert 1 < max(batches) <= link.BATCH


def test_a_topic_of_another_meter_is_refused(broker: TestBroker, device: Device, bob: Home) -> None:
    device.publish(bob.record(1, READINGS))

    play(broker, results(device, 1))

    result = device.heard()
    assert (result["status"], result["problem"]["type"]) == ("rejected", "/problems/wrong-topic")
    assert result["problem"]["field"] == "MS"
    assert not Envelope.objects.exists()


def test_a_serial_is_spelt_in_the_topic_as_in_a_url(
    broker: TestBroker, device: Device, zone: Zone, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = add_home(zone, "a/b +1", Suite.P256, 1009)
    other = Device(broker, "CW-a%2Fb%20%2B1")
    other.start()
    other.publish(home.record(1, READINGS))

    play(broker, results(other, 1))

    assert other.heard()["status"] == "accepted"
    other.stop()


@pytest.mark.parametrize(
    ("payload", "code", "status"),
    [
        (b"\xff\xfe", "malformed", 422),
        (b"", "malformed", 422),
        (b"OCMF|{}", "unsigned", 401),
        (b"OCMF|" + b"x" * 65_536, "oversized", 413),
    ],
)
def test_a_bad_payload_is_refused_and_the_good_one_beside_it_accepted(
    broker: TestBroker, device: Device, alice: Home, payload: bytes, code: str, status: int
) -> None:
    device.publish(payload)
    device.publish(alice.record(1, READINGS))

    play(broker, results(device, 2))

    bad, good = device.heard(), device.heard()
    assert (bad["status"], bad["problem"]["type"]) == ("rejected", f"/problems/{code}")
    assert bad["problem"]["status"] == status
    assert good["status"] == "accepted"


def test_a_record_that_breaks_the_platform_harms_no_other(
    broker: TestBroker, device: Device, alice: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest = intake.ingest

    def fragile(*, records: list[bytes], **others: Any) -> Any:
        if b"poison" in records:
            raise RuntimeError("a bug")
        return ingest(records=records, **others)

    monkeypatch.setattr(intake, "ingest", fragile)
    device.publish(b"poison")
    device.publish(alice.record(1, READINGS))

    play(broker, results(device, 2))

    bad, good = device.heard(), device.heard()
    assert (bad["status"], bad["problem"]["type"]) == ("rejected", "/problems/unavailable")
    assert bad["problem"]["status"] == 503
    assert good["status"] == "accepted"


def test_a_reading_waits_in_the_bridge_while_the_database_is_away(
    broker: TestBroker, device: Device, alice: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest = intake.ingest
    attempts = itertools.count(1)

    def away(**arguments: Any) -> Any:
        if next(attempts) <= 3:
            assert device.results.empty()
            raise OperationalError("the server closed the connection")
        return ingest(**arguments)

    monkeypatch.setattr(intake, "ingest", away)
    monkeypatch.setattr(link, "pause_after", lambda failures: 0.0)
    device.publish(alice.record(1, READINGS))

    play(broker, results(device, 1))

    assert device.heard()["status"] == "accepted"
    assert next(attempts) == 5


def test_nothing_is_acknowledged_before_the_database_has_it(
    broker: TestBroker, device: Device, alice: Home, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    attempts: list[int] = []

    def away(**arguments: Any) -> Any:
        attempts.append(1)
        raise OperationalError("no such server")

    text = alice.record(1, READINGS)
    with monkeypatch.context() as patch:
        patch.setattr(intake, "ingest", away)
        play(broker, live(device, text, caplog, until(lambda: len(attempts) > 0)))
    assert device.results.empty()

    play(broker, answered_next_time(broker, device, text, caplog))

    assert device.heard()["status"] == "accepted"


def test_a_crash_after_the_commit_makes_a_duplicate(
    broker: TestBroker, device: Device, alice: Home, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    take_in = link.take_in

    def crash(*arguments: Any, **others: Any) -> Any:
        take_in(*arguments, **others)
        raise MemoryError("killed")

    text = alice.record(1, READINGS)
    with monkeypatch.context() as patch:
        patch.setattr(link, "take_in", crash)
        with pytest.raises(MemoryError):
            play(broker, live(device, text, caplog, results(device, 1)))
    assert Envelope.objects.count() == 1

    play(broker, answered_next_time(broker, device, text, caplog))

    assert device.heard()["status"] == "duplicate"
    assert Envelope.objects.count() == 1


def test_a_broker_that_was_restarted_is_used_again(
    broker: TestBroker, device: Device, alice: Home, caplog: pytest.LogCaptureFixture
) -> None:
    def script() -> Script:
        device.publish(alice.record(1, READINGS))
        yield from results(device, 1)
        device.stop()
        broker.stop()
        yield from until(lambda: "no connection to the broker of MQTT_URL" in caplog.text)
        broker.start()
        yield from subscribed(caplog)
        device.start()
        device.publish(alice.record(1, READINGS))
        device.publish(alice.record(2, READINGS))
        yield from results(device, 3)

    play(broker, script())

    assert [device.heard()["status"] for _ in range(3)] == ["accepted", "duplicate", "accepted"]


def test_a_refused_login_is_told_and_tried_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    broker = TestBroker("amqtt", tmp_path)
    broker.start()
    play(broker, until(lambda: caplog.text.count("(Not authorized)") >= 2), password="wrong-one")
    broker.stop()
    assert "wrong-one" not in caplog.text


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_serves_until_a_signal(broker: TestBroker, tmp_path: Path, number: signal.Signals) -> None:
    log = tmp_path / "bridge.log"
    process = spawn(
        [sys.executable, "-m", "django", "mqtt_bridge"], log=log, env=os.environ | {"MQTT_URL": broker.url()}
    )
    device = Device(broker, "CW-nobody")
    device.start()
    wait_until(lambda: "the broker sends readings" in log.read_text(), what="The bridge", process=process, log=log)
    device.publish(b"not OCMF")

    assert device.heard()["status"] == "rejected"
    device.stop()
    assert stop(process, sig=number)
    assert process.returncode == 0


def test_the_command_names_the_variable_it_misses(settings: Any) -> None:
    settings.MQTT_URL = ""
    with pytest.raises(CommandError, match="MQTT_URL is not set"):
        call_command("mqtt_bridge")


def test_pauses_grow_to_half_a_minute() -> None:
    assert [link.pause_after(failures) for failures in range(1, 8)] == [1, 2, 4, 8, 16, 30, 30]
