"""One connection to the broker. A reading leaves the broker only when its result is there.

The session at the broker is persistent and acknowledgements are ours: a message is acknowledged when the
database has committed and the broker has taken the result. Whatever happens before that, the broker sends the
message again, and it becomes a duplicate with the same receipt. One thread does it all, so nothing can be
acknowledged on another connection than its own.
"""

import logging
import time
from typing import Any, Self

from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from grid import clock
from grid.metering.bridge.address import Broker
from grid.metering.bridge.intake import DATABASE_DOWN, READINGS, Message, answer_topic, take_in

CLIENT_ID = "commonwatt-bridge"
QOS = 1
BATCH = 64
GATHER_SECONDS = 0.05
"""How long the first message of a batch waits for others."""
HELD = 1024
"""Messages in memory while the database is away; brokers usually send far fewer without acknowledgement."""
IDLE_SECONDS = 0.5
KEEPALIVE_SECONDS = 30
LONGEST_PAUSE = 30.0

logger = logging.getLogger(__name__)


class LinkLost(Exception):
    """The connection ended, or the broker refused it."""


def pause_after(failures: int) -> float:
    """Seconds before the next attempt: 1, 2, 4 and so on up to 30."""
    return min(LONGEST_PAUSE, 2.0 ** (failures - 1))


class Link:
    """A connection, from `open` to the LinkLost that ends it. A context manager."""

    def __init__(self, broker: Broker) -> None:
        self.connected = False
        self._broker = broker
        self._waiting: list[mqtt.MQTTMessage] = []
        self._answered: dict[int, mqtt.MQTTMessage] = {}
        self._due = 0.0
        self._failures = 0
        self._refusal = ""
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=CLIENT_ID,
            clean_session=False,
            manual_ack=True,
            reconnect_on_failure=False,
        )
        if broker.username is not None:
            self._client.username_pw_set(broker.username, broker.password)
        if broker.tls:
            self._client.tls_set()
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message
        self._client.on_publish = self._on_publish

    def __enter__(self) -> Self:
        """Connect. Raises OSError when nothing answers there."""
        self._client.connect(self._broker.host, self._broker.port, keepalive=KEEPALIVE_SECONDS)
        return self

    def __exit__(self, *exception: object) -> None:
        self._client.disconnect()

    def turn(self) -> None:
        """Read what the broker sent, and take in what is due. Raises LinkLost."""
        wait = max(0.0, self._due - time.monotonic()) if self._waiting else IDLE_SECONDS
        code = self._client.loop(min(wait, IDLE_SECONDS))
        if code != mqtt.MQTT_ERR_SUCCESS:
            raise LinkLost(self._refusal or mqtt.error_string(code))
        if len(self._waiting) >= HELD:
            raise LinkLost("more readings wait for the database than fit")
        full = len(self._waiting) >= BATCH and not self._failures
        if self._waiting and (full or time.monotonic() >= self._due):
            self._settle()

    def _settle(self) -> None:
        """Take in the oldest batch and publish its results, or try again later."""
        batch = self._waiting[:BATCH]
        try:
            answers = take_in([Message(m.topic, bytes(m.payload)) for m in batch], now=clock.now())
        except DATABASE_DOWN as error:
            self._failures += 1
            pause = pause_after(self._failures)
            logger.warning("the database did not take readings (%s); trying again in %.0f s", error, pause)
            self._due = time.monotonic() + pause
            return
        self._failures = 0
        del self._waiting[:BATCH]
        for message, answer in zip(batch, answers, strict=True):
            sent = self._client.publish(answer_topic(message.topic), answer, qos=QOS)
            self._answered[sent.mid] = message

    def _on_connect(
        self, client: mqtt.Client, userdata: Any, flags: mqtt.ConnectFlags, reason: ReasonCode, properties: Any
    ) -> None:
        if reason.is_failure:
            self._refusal = str(reason)
            return
        self.connected = True
        client.subscribe(READINGS, qos=QOS)

    def _on_subscribe(
        self, client: mqtt.Client, userdata: Any, mid: int, reasons: list[ReasonCode], properties: Any
    ) -> None:
        if reasons[0].is_failure:
            raise LinkLost(f"the broker refused the subscription of {READINGS}")
        logger.info("the broker sends readings")

    def _on_message(self, client: mqtt.Client, userdata: Any, message: mqtt.MQTTMessage) -> None:
        if not self._waiting:
            self._due = time.monotonic() + GATHER_SECONDS
        self._waiting.append(message)

    def _on_publish(self, client: mqtt.Client, userdata: Any, mid: int, reason: ReasonCode, properties: Any) -> None:
        message = self._answered.pop(mid)
        client.ack(message.mid, message.qos)
