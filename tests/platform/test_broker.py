"""The embedded broker lets each device do its own part only."""

import queue
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from grid.config.servers.broker import BRIDGE_CLIENT, BRIDGE_USER, Broker, allowed, password
from grid.config.servers.processes import free_port
from grid.metering.bridge.link import CLIENT_ID

PATIENCE = 20
SECRET = "secret"


@pytest.mark.parametrize(
    ("user", "action", "topic", "may"),
    [
        ("M1", "publish", "grid/v1/hill/M1/reading", True),
        ("M1", "publish", "grid/v1/hill/M2/reading", False),
        ("M1", "publish", "grid/v1/hill/M1/ack", False),
        ("M1", "subscribe", "grid/v1/hill/M1/ack", True),
        ("M1", "receive", "grid/v1/hill/M2/ack", False),
        ("M1", "subscribe", "grid/v1/hill/+/ack", False),
        ("M1", "subscribe", "grid/v1/hill/M1/reading", False),
        ("M1", "subscribe", "grid/#", False),
        ("M1", "subscribe", "#", False),
        ("+", "subscribe", "grid/v1/hill/+/ack", False),
        ("a/b", "publish", "grid/v1/hill/a%2Fb/reading", True),
        (BRIDGE_USER, "subscribe", "grid/v1/+/+/reading", True),
        (BRIDGE_USER, "publish", "grid/v1/hill/M1/ack", True),
        (BRIDGE_USER, "publish", "grid/v1/hill/M1/reading", False),
    ],
)
def test_house_rules(user: str, action: str, topic: str, may: bool) -> None:
    assert allowed(user, action, topic) is may


def test_the_bridge_has_the_name_that_is_kept_for_it() -> None:
    assert BRIDGE_CLIENT == CLIENT_ID


class Client:
    def __init__(self, broker: Broker, user: str, name: str, *, secret: str = "", will: bool = False) -> None:
        self.codes: queue.Queue[Any] = queue.Queue()
        self.heard: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self.mqtt = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=name, reconnect_on_failure=False)
        self.mqtt.username_pw_set(user, secret or password(SECRET, user))
        if will:
            self.mqtt.will_set("grid/v1/hill/M1/ack", b"forged")
        self.mqtt.on_connect = lambda client, userdata, flags, reason, properties: self.codes.put(reason.is_failure)
        self.mqtt.on_subscribe = lambda client, userdata, mid, reasons, properties: self.codes.put(
            reasons[0].is_failure
        )
        self.mqtt.on_message = lambda client, userdata, message: self.heard.put((message.topic, message.payload))
        self.mqtt.connect("127.0.0.1", broker.port)
        self.mqtt.loop_start()
        self.refused = self.codes.get(timeout=PATIENCE)

    def subscribe(self, topic: str) -> bool:
        self.mqtt.subscribe(topic, qos=1)
        return not self.codes.get(timeout=PATIENCE)


def test_a_device_publishes_and_hears_its_own_only(tmp_path: Path) -> None:
    broker = Broker(host="127.0.0.1", port=free_port(), secret=SECRET, log=tmp_path / "log")
    broker.start()
    clients: list[Client] = []

    def login(*arguments: str, **options: Any) -> Client:
        clients.append(Client(broker, *arguments, **options))
        return clients[-1]

    try:
        # Before the bridge is there: amqtt ends a session whose name another connection merely asks for.
        assert login("M1", BRIDGE_CLIENT).refused
        bridge, one, other = login(BRIDGE_USER, BRIDGE_CLIENT), login("M1", "a"), login("M2", "b")
        assert [client.refused for client in (bridge, one, other)] == [False] * 3
        assert login("M1", "c", secret="wrong").refused
        assert login("M1", "d", will=True).refused
        assert bridge.subscribe("grid/v1/+/+/reading")
        assert one.subscribe("grid/v1/hill/M1/ack")
        assert not other.subscribe("grid/v1/hill/M1/ack")

        other.mqtt.publish("grid/v1/hill/M1/reading", b"forged", qos=1)
        other.mqtt.publish("grid/v1/hill/M1/ack", b"forged", qos=1)
        one.mqtt.publish("grid/v1/hill/M1/reading", b"own", qos=1)
        assert bridge.heard.get(timeout=PATIENCE) == ("grid/v1/hill/M1/reading", b"own")
        bridge.mqtt.publish("grid/v1/hill/M1/ack", b"result", qos=1)
        assert one.heard.get(timeout=PATIENCE) == ("grid/v1/hill/M1/ack", b"result")
    finally:
        for client in clients:
            client.mqtt.disconnect()
            client.mqtt.loop_stop()
        broker.stop()
