"""The description of the plain views, written by hand, against what these views really answer."""

import re
from typing import Any

import jsonschema_rs
import pytest
from django.test import Client
from django.urls import URLPattern, get_resolver

from grid.chain.models import ChainTx, ChainTxState
from grid.domain import ocmf
from grid.domain.entries import Suite
from grid.domain.slots import SLOT_SECONDS
from grid.portal.api import plain_paths
from grid.portal.api.docs import document
from grid.simulator.identity import MeterIdentity
from tests.grid.street import FIRST, FOUNDED, Street, at_slot, chain, street

__all__ = ["chain", "street"]


def validate(answer: Any, path: str, method: str = "get") -> None:
    """Require status, media type and body to be as described."""
    operation = document()["paths"][path][method]
    described = operation["responses"][str(answer.status_code)]
    media = answer["Content-Type"].split(";")[0]
    assert media in described["content"], (path, answer.status_code, media)
    if "json" in media:
        schema = described["content"][media]["schema"]
        jsonschema_rs.validate({**schema, "components": document()["components"]}, answer.json())


def send(street: Street, client: Client, *, counter: int = 1, key: int = 5001, serial: str = "CW-alice") -> Any:
    identity = MeterIdentity(serial, Suite.P256, key)
    registers = [((FIRST + at) * SLOT_SECONDS, 100 + at, 5) for at in range(3)]
    payload = ocmf.build_payload(serial=serial, counter=counter, registers=registers)
    signature = ocmf.sign(payload, suite=identity.suite, private_key=identity.private_key)
    text = ocmf.render(payload, suite=identity.suite, signature=signature)
    return client.post("/api/v1/readings", {"records": [text]}, "application/json")


def test_answers_of_the_device_endpoint(street: Street, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grid.clock.now", lambda: at_slot(FIRST + 4))
    said = []
    for options in ({}, {}, {"key": 5002, "counter": 2}, {"serial": "CW-nobody"}):
        answer = send(street, client, **options)  # type: ignore[arg-type]
        validate(answer, "/api/v1/readings", "post")
        said.append(answer.json()["results"][0]["status"])
    assert said == ["accepted", "duplicate", "rejected", "rejected"]
    for body, encoding in (("{", "identity"), ('{"records": 3}', "identity"), ("{}", "br")):
        headers = {"Content-Encoding": encoding}
        answer = client.post("/api/v1/readings", body, "application/json", headers=headers)
        validate(answer, "/api/v1/readings", "post")


def test_answers_of_the_log(street: Street, client: Client) -> None:
    validate(client.get("/api/v1/log/checkpoint/anchored"), "/api/v1/log/checkpoint/anchored")
    checkpoint = street.anchor(FOUNDED)
    checkpoint.chain_tx = ChainTx.objects.create(
        business_key="anchor:0", sender="anchorer", contract="RecordAnchor", function="anchor", args=[],
        tx_hash="0x" + "5e" * 32, state=ChainTxState.FINAL, created_at=FOUNDED, updated_at=FOUNDED,
    )  # fmt: skip
    checkpoint.save()
    known = {
        "/api/v1/log/checkpoint": "",
        "/api/v1/log/checkpoint/anchored": "",
        "/api/v1/log/proof/inclusion": "?index=1",
        "/api/v1/log/proof/consistency": "?old=1",
        "/api/v1/log/key": "",
    }
    for path, query in known.items():
        answer = client.get(path + query)
        assert answer.status_code == 200, path
        validate(answer, path)
    validate(client.get("/api/v1/log/tile/0/0.p/2"), "/api/v1/log/tile/{level}/{index}.p/{width}")
    validate(client.get("/api/v1/log/tile/0/9"), "/api/v1/log/tile/{level}/{index}")
    validate(client.get("/api/v1/log/proof/inclusion?index=x"), "/api/v1/log/proof/inclusion")


def test_every_plain_address_is_described() -> None:
    """A new address below /api/v1/ cannot be forgotten."""
    found = set()
    for pattern in get_resolver().url_patterns:
        if getattr(pattern, "namespace", None) == "admin":
            continue
        for inner in getattr(pattern, "url_patterns", []):
            path = f"/{pattern.pattern}{inner.pattern}"
            if path.startswith("/api/v1/") and isinstance(inner, URLPattern):
                found.add(re.sub(r"<\w+:(\w+)>", r"{\1}", path))
    assert found == set(plain_paths.PATHS)
