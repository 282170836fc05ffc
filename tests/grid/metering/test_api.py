"""POST /api/v1/readings: limits, encodings, answers."""

import gzip
import json
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from grid.domain import receipts
from grid.metering.api import readings as api
from grid.metering.problems import PROBLEMS
from grid.records import log_key
from tests.grid.metering.conftest import FIRST_SLOT, Home

URL = "/api/v1/readings"
READINGS = [(FIRST_SLOT, 1000, 50), (FIRST_SLOT + 1, 1200, 50)]
pytestmark = pytest.mark.urls("grid.metering.api.urls")


def post(client: Client, body: bytes, **headers: str) -> Any:
    return client.post(URL, body, content_type="application/json", headers=headers)


def test_batch_gets_a_result_per_item_in_order(client: Client, alice: Home) -> None:
    answer = post(client, json.dumps({"records": [alice.record(1, READINGS), "OCMF|{}"]}).encode())

    assert answer.status_code == 200
    good, bad = answer.json()["results"]
    assert (good["status"], good["readings"], good["stored"]) == ("accepted", 2, 2)
    receipts.verify(good["receipt"], public_key=log_key.signer().public_key)
    assert bad["status"] == "rejected"
    assert bad["problem"]["type"] == "/problems/unsigned"
    assert bad["problem"]["status"] == 401
    assert bad["problem"]["field"] == "signature"


def test_fork_answers_conflict_with_the_first_receipt(client: Client, alice: Home) -> None:
    first = post(client, json.dumps({"records": [alice.record(1, READINGS)]}).encode()).json()["results"][0]

    fork = post(client, json.dumps({"records": [alice.record(1, READINGS[:1])]}).encode()).json()["results"][0]

    assert fork["status"] == "fork"
    assert fork["problem"]["status"] == 409
    assert fork["receipt"] == first["receipt"]


def test_gzip_body_is_unpacked(client: Client, alice: Home) -> None:
    body = gzip.compress(json.dumps({"records": [alice.record(1, READINGS)]}).encode())

    answer = post(client, body, content_encoding="gzip")

    assert answer.json()["results"][0]["status"] == "accepted"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("body", "encoding", "status", "code"),
    [
        (b"not json", "identity", 400, "bad-request"),
        (b'{"records": ["\xff"]}', "identity", 400, "bad-request"),
        (b'{"records": [1]}', "identity", 400, "bad-request"),
        (b'{"readings": []}', "identity", 400, "bad-request"),
        (b"not gzip", "gzip", 400, "bad-request"),
        (gzip.compress(b'{"records": []}')[:-4], "gzip", 400, "bad-request"),
        (gzip.compress(b'{"records": []}') + b"more", "gzip", 400, "bad-request"),
        (gzip.compress(bytes(200_000_000), compresslevel=9), "gzip", 413, "too-large"),
        (b" " * (api.MAX_BODY_BYTES + 1), "identity", 413, "too-large"),
        (json.dumps({"records": [""] * 97}).encode(), "identity", 413, "too-large"),
        (b"{}", "br", 415, "encoding"),
    ],
)
def test_unreadable_request_is_one_problem(client: Client, body: bytes, encoding: str, status: int, code: str) -> None:
    answer = post(client, body, content_encoding=encoding)

    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    problem = json.loads(answer.content)
    assert problem["type"] == f"/problems/{code}"
    assert problem["status"] == status


def test_other_methods_are_told_which_one_serves(client: Client) -> None:
    answer = client.get(URL)

    assert answer.status_code == 405
    assert answer["Allow"] == "POST"


def test_database_that_fails_asks_for_a_later_repeat(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_: object) -> None:
        raise OperationalError("deadlock detected")

    monkeypatch.setattr(api, "ingest_shared", fail)

    answer = post(client, b'{"records": []}')

    assert answer.status_code == 503
    assert int(answer["Retry-After"]) > 0


def test_device_needs_no_csrf_token() -> None:
    client = Client(enforce_csrf_checks=True)

    assert post(client, b"{}").status_code == 400


def test_every_refusal_has_a_page() -> None:
    from grid.domain.ocmf.errors import RecordError

    def codes(kind: type[RecordError]) -> set[str]:
        return {sub.code for sub in kind.__subclasses__()}.union(*(codes(sub) for sub in kind.__subclasses__()))

    assert codes(RecordError) <= set(PROBLEMS)
