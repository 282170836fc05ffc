"""How much a meter and an address may send, with Valkey and without."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from django.conf import settings
from django.test import Client

from grid.metering.api import readings as api
from grid.metering.services import limits
from grid.metering.services.limits import Limit
from tests.grid.metering.conftest import FIRST_SLOT, Home

NOW = 1_790_000_010.0  # thirty seconds into a minute


class Wall:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


def limit(wall: Wall, most: int, kind: str, connect: Any = limits._connect) -> Limit:
    return Limit(kind, lambda: most, now=wall, connect=connect)


@pytest.fixture
def kind() -> Iterator[str]:
    yield "test"
    client = redis.Redis.from_url(settings.REDIS_URL)
    for key in client.scan_iter("ingest:test:*"):
        client.delete(key)


def test_what_is_too_much_waits_for_the_next_minute(kind: str) -> None:
    wall = Wall()
    mine = limit(wall, 3, kind)

    assert [mine.take("a") for _ in range(3)] == [0, 0, 0]
    assert mine.take("a") == 60 - int(wall.now) % 60
    assert mine.take("b", 3) == 0
    wall.now += 60
    assert mine.take("a") == 0


def test_no_limit_is_no_limit(kind: str) -> None:
    mine = limit(Wall(), 0, kind)

    assert mine.take("a", 10**9) == 0


def test_processes_count_together(kind: str) -> None:
    wall = Wall()
    one, other = limit(wall, 32, kind), limit(wall, 32, kind)

    assert one.take("a", 20) == 0
    wall.now += 2
    assert other.take("a", 10) == 0  # it now learns of the 20
    assert other.take("a", 3) > 0


def test_without_valkey_a_process_counts_for_itself(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    def refuse() -> Any:
        raise redis.ConnectionError("connection refused")

    wall = Wall()
    mine = limit(wall, 3, kind, connect=refuse)

    assert [mine.take("a") for _ in range(3)] == [0, 0, 0]
    assert mine.take("a") > 0
    assert "connection refused" in caplog.text


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, "6.6.6.6", "10.0.0.1"),
        (1, "6.6.6.6, 1.2.3.4", "1.2.3.4"),
        (2, "1.2.3.4, 9.9.9.9", "1.2.3.4"),
        (1, "", "10.0.0.1"),
    ],
)
def test_the_address_is_what_our_own_proxy_saw(settings: Any, proxies: int, forwarded: str, expected: str) -> None:
    settings.INGEST_PROXIES = proxies

    assert limits.address("10.0.0.1", forwarded) == expected


def test_an_address_that_sends_too_much_is_told_when_to_come_back(
    client: Client, alice: Home, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.INGEST_ADDRESS_RECORDS_PER_MINUTE = 1
    monkeypatch.setattr(limits, "addresses", limit(Wall(), 1, "test"))
    body = json.dumps({"records": [alice.record(1, [(FIRST_SLOT, 1, 1)])] * 2}).encode()

    answer = client.post(api_url(), body, content_type="application/json")

    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= 60
    assert json.loads(answer.content)["type"] == "/problems/rate-limited"


def test_only_the_meter_that_sends_too_much_is_refused(
    client: Client, alice: Home, bob: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "meters", limit(Wall(), 1, "test"))
    forged = alice.record(9, [(FIRST_SLOT, 1, 1)], private_key=77)
    records = [forged, forged, alice.record(1, [(FIRST_SLOT, 1, 1)]), alice.record(2, [(FIRST_SLOT, 2, 1)])]
    body = json.dumps({"records": [*records, bob.record(1, [(FIRST_SLOT, 1, 1)])]}).encode()

    answer = client.post(api_url(), body, content_type="application/json")

    # Who does not hold the meter's key uses up nothing of its allowance.
    problems = [result.get("problem", {}).get("type") for result in answer.json()["results"]]
    assert problems == ["/problems/bad-signature"] * 2 + [None, "/problems/rate-limited", None]
    assert int(answer["Retry-After"]) > 0


def api_url() -> str:
    assert api.MAX_RECORDS == 96
    return "/api/v1/readings"
