"""What load balancers ask."""

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from grid.chain.models import Block
from grid.chain.services import halts
from tests.factories import NOW


def test_a_live_process_says_so_without_a_database(client: Client) -> None:
    assert client.get("/healthz").json() == {"status": "live"}


def test_ready_tells_the_chains_age(client: Client, db: None, at_noon: None) -> None:
    Block.objects.create(number=12, hash="0x" + "ab" * 32, timestamp=int(NOW.timestamp()) - 30)
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ready",
        "database": "ok",
        "valkey": "ok",
        "chain": {"head": 12, "age_seconds": 30, "halted": None},
    }


def test_a_halted_market_is_told_and_pages_go_on(client: Client, db: None) -> None:
    halts.halt(reason="run:1 was final in block 7", now=NOW)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["chain"]["halted"]) == (200, "run:1 was final in block 7")


def test_without_valkey_it_is_not_ready(client: Client, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: Any) -> None:
        raise ConnectionError("refused")

    monkeypatch.setattr(cache, "set", refuse)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["valkey"] == "down"
