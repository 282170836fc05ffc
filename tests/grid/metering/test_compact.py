"""The compact form by every way into the platform, and the device API in front of Django."""

import json
from base64 import b64encode
from io import BytesIO
from typing import Any

import pytest
from django.test import Client

from grid.domain import native, ocmf
from grid.metering.api import wsgi
from grid.metering.bridge.intake import Message, take_in
from grid.metering.models import Envelope
from grid.metering.queries import raw_record
from tests.grid.metering.conftest import FIRST_SLOT, Home, at_slot

URL = wsgi.PATH
pytestmark = pytest.mark.urls("grid.metering.api.urls")


def compact(home: Home, counter: int, *, imported: int = 1_000) -> bytes:
    suite = home.identity.suite
    registers = [((FIRST_SLOT + index) * 900, imported + index, 50 + index) for index in range(3)]
    payload = native.build(serial=home.identity.serial, counter=counter, suite=suite, registers=registers)
    return native.render(payload, ocmf.sign(payload, suite=suite, private_key=home.identity.private_key))


def results(answer: Any) -> list[dict[str, Any]]:
    assert answer.status_code == 200
    found: list[dict[str, Any]] = answer.json()["results"]
    return found


def test_it_is_the_body_of_a_request_or_base64_in_a_list_and_the_same_record(client: Client, bob: Home) -> None:
    record = compact(bob, 1)

    (alone,) = results(client.post(URL, record, content_type="application/octet-stream"))
    body = json.dumps({"records": [b64encode(record).decode(), "Q1dS!"]}).encode()
    listed, broken = results(client.post(URL, body, content_type="application/json"))

    assert (alone["status"], alone["readings"], alone["stored"]) == ("accepted", 3, 3)
    assert (listed["status"], listed["receipt"]) == ("duplicate", alone["receipt"])
    assert broken["problem"]["type"] == "/problems/malformed"
    # What is kept is what was signed, byte for byte.
    assert raw_record(alone["receipt"]["index"]) == record


def test_it_forks_like_any_other(client: Client, alice: Home) -> None:
    results(client.post(URL, compact(alice, 1), content_type="application/octet-stream"))

    (fork,) = results(client.post(URL, compact(alice, 1, imported=7), content_type="application/octet-stream"))

    assert fork["problem"]["status"] == 409
    assert Envelope.objects.filter(fork=True).count() == 1


def test_it_comes_over_mqtt(bob: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grid.metering.bridge.intake.close_old_connections", lambda: None)
    topic = f"grid/v1/hill/{bob.identity.serial}/reading"

    (answer,) = take_in([Message(topic, compact(bob, 1))], now=at_slot(FIRST_SLOT + 3))

    assert json.loads(answer)["status"] == "accepted"


def served(environ: dict[str, Any]) -> tuple[str, dict[str, str], bytes]:
    told: list[Any] = []

    def django(environ: dict[str, Any], start: Any) -> list[bytes]:
        start("299 Django", [])
        return [b"pages"]

    def start(status: str, headers: list[tuple[str, str]]) -> None:
        told.extend((status, dict(headers)))

    body = b"".join(wsgi.in_front_of(django)(environ, start))
    return told[0], told[1], body


def test_the_device_api_stands_in_front_of_django(bob: Home) -> None:
    record = compact(bob, 1)
    environ = {
        "PATH_INFO": URL,
        "REQUEST_METHOD": "POST",
        "REMOTE_ADDR": "192.0.2.1",
        "CONTENT_LENGTH": str(len(record)),
        "CONTENT_TYPE": "application/octet-stream",
        "wsgi.input": BytesIO(record),
    }

    status, headers, body = served(environ)

    assert status == "200 OK"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert int(headers["Content-Length"]) == len(body)
    assert json.loads(body)["results"][0]["status"] == "accepted"
    assert served({"PATH_INFO": "/"})[0] == "299 Django"


def test_where_only_https_is_served_django_redirects(settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True

    plain = {"PATH_INFO": URL, "REQUEST_METHOD": "GET", "wsgi.input": BytesIO()}
    assert served(plain)[0] == "299 Django"
    assert served(plain | {"HTTP_X_FORWARDED_PROTO": "https"})[0] == "405 Method Not Allowed"
