"""MQTT_URL, taken apart."""

import pytest

from grid.metering.bridge.address import Broker, parse


@pytest.mark.parametrize(
    ("url", "broker"),
    [
        ("mqtt://localhost", Broker("localhost", 1883, tls=False)),
        ("mqtts://[::1]/", Broker("::1", 8883, tls=True)),
        ("mqtts://me:p%40ss@mq.example.org:1", Broker("mq.example.org", 1, True, username="me", password="p@ss")),
    ],
)
def test_addresses(url: str, broker: Broker) -> None:
    assert parse(url) == broker


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:1883",
        "http://me:secret@host",
        "mqtt://me:secret@",
        "mqtt://me:secret@host:port",
        "mqtt://me:secret@host:70000",
        "mqtt://me:secret@host/path",
        "mqtt://me:sec/ret@host",
        "mqtt://:secret@host",
        "mqtt://me:secret@[::1",
    ],
)
def test_an_address_that_is_none_is_named_without_its_password(url: str) -> None:
    with pytest.raises(ValueError, match="MQTT_URL") as error:
        parse(url)
    assert "secret" not in str(error.value)
    assert "mqtt://" in str(error.value)
