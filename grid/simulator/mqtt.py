"""Sending over MQTT, as a device does: a record is kept until its result came, and published again if none does."""

import json
import queue
import time
from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote

from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from grid.domain import envelopes
from grid.simulator.client import ClientError, MeterClient, Outcome

IN_FLIGHT = 16
"""Records of one device that wait for their results at a time."""
PATIENCE_SECONDS = 15.0
"""How long a result is waited for before the record is published again."""
ATTEMPTS = 4


@dataclass(frozen=True)
class Brokerage:
    """Where the broker is, and the password of each meter that may use it."""

    host: str
    port: int
    community: str
    passwords: Mapping[str, str]

    @classmethod
    def from_file(cls, address: str, file: Path) -> "Brokerage":
        """Read the passwords; `address` is host:port. Raises ValueError that names what is wrong."""
        host, _, port = address.rpartition(":")
        if not host or not port.isdecimal():
            raise ValueError(f"{address} is no address of the form host:port")
        kept = json.loads(file.read_text())
        return cls(host.strip("[]"), int(port), kept["community"], kept["passwords"])


class MqttDevice:
    """One meter's connection, opened with its first record."""

    def __init__(self, brokerage: Brokerage, serial: str) -> None:
        self._brokerage = brokerage
        self._topic = f"grid/v1/{brokerage.community}/{quote(serial, safe='')}"
        self._results: queue.Queue[dict[str, Any]] = queue.Queue()
        self._listening = queue.Queue[bool]()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=f"meter-{serial}")
        self._client.username_pw_set(serial, brokerage.passwords[serial])
        self._client.on_connect = lambda client, *_: client.subscribe(f"{self._topic}/ack", qos=1)
        self._client.on_subscribe = lambda *_: self._listening.put(True)
        self._client.on_message = lambda client, userdata, message: self._results.put(json.loads(message.payload))
        self._started = False
        self.heard: Callable[[dict[str, Any]], None] = lambda result: None
        """Told of every result that settles a record."""

    def close(self) -> None:
        if self._started:
            self._client.disconnect()
            self._client.loop_stop()

    def send(self, records: Sequence[bytes]) -> Outcome:
        """Publish records in order, some at a time, and return what became of them. Raises ClientError."""
        self._start()
        outcome = Outcome()
        for start in range(0, len(records), IN_FLIGHT):
            self._settle({sha256(record).hexdigest(): record for record in records[start : start + IN_FLIGHT]}, outcome)
        return outcome

    def _start(self) -> None:
        if self._started:
            return
        try:
            self._client.connect(self._brokerage.host, self._brokerage.port, keepalive=30)
            self._client.loop_start()
            self._started = True
            self._listening.get(timeout=PATIENCE_SECONDS)
        except (OSError, queue.Empty) as error:
            raise ClientError(f"the MQTT broker does not take {self._topic} in ({error!r}). Is it up?") from None

    def _settle(self, waiting: dict[str, bytes], outcome: Outcome) -> None:
        for _ in range(ATTEMPTS):
            for record in waiting.values():
                self._client.publish(f"{self._topic}/reading", record, qos=1)
            limit = time.monotonic() + PATIENCE_SECONDS
            while waiting and (left := limit - time.monotonic()) > 0:
                try:
                    result = self._results.get(timeout=left)
                except queue.Empty:
                    break
                # A result may come twice, and one with 503 asks for the same record again.
                if waiting.get(result["record"]) and result.get("problem", {}).get("status") not in (429, 503):
                    del waiting[result["record"]]
                    outcome.take(result)
                    self.heard(result)
            if not waiting:
                return
        raise ClientError(f"{len(waiting)} records on {self._topic} have no result after {ATTEMPTS} attempts")


class Carriers:
    """The ways of a street's records: by MQTT for meters that have a password at the broker, else by HTTP."""

    def __init__(self, http: MeterClient, brokerage: Brokerage | None) -> None:
        self._http = http
        serials = brokerage.passwords if brokerage else ()
        self._devices = {serial: MqttDevice(brokerage, serial) for serial in serials if brokerage}

    def close(self) -> None:
        for device in self._devices.values():
            device.close()

    def __enter__(self) -> "Carriers":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def send(self, records: Sequence[str]) -> Outcome:
        """Send records and return what became of them. Raises ClientError."""
        if not self._devices:
            return self._http.send(records)
        by_http: list[str] = []
        by_mqtt: dict[str, list[bytes]] = {}
        for record in records:
            raw = record.encode() if record.startswith("OCMF|") else b64decode(record)
            serial = envelopes.parse(raw).meter_serial
            if serial in self._devices:
                by_mqtt.setdefault(serial, []).append(raw)
            else:
                by_http.append(record)
        total = self._http.send(by_http) if by_http else Outcome()
        for serial, raws in by_mqtt.items():
            total.add(self._devices[serial].send(raws))
        return total
