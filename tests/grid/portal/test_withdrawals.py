"""Asking for one's money, by an account whose key the demonstration holds."""

import json
from pathlib import Path
from typing import Any

import pytest
from coincurve import PrivateKey
from django.test import Client
from django.urls import reverse

from grid.chain.errors import ChainUnavailable
from grid.chain.signing import recover
from grid.domain.keccak import keccak256
from grid.domain.refusals import Refused
from grid.domain.typed_data import TypedDomain, digest
from grid.portal import signers
from grid.portal.views import withdrawals
from tests.factories import People

DOMAIN = TypedDomain(chain_id=31337, verifying_contract=b"\x11" * 20)
PRIVATE_KEY = (77).to_bytes(32, "big")


@pytest.fixture
def managed(people: People, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Alice's key is held; what would be relayed is kept instead."""
    settings.DATA_DIR = tmp_path
    (tmp_path / signers.FILE_NAME).write_text(json.dumps({people.home.account.address: "0x" + PRIVATE_KEY.hex()}))
    relayed: list[dict[str, Any]] = []
    monkeypatch.setattr(withdrawals, "eip712_domain", lambda: DOMAIN)
    monkeypatch.setattr(withdrawals.withdrawals, "request", lambda **arguments: relayed.append(arguments))
    return relayed


def ask(client: Client, people: People, amount: str) -> Any:
    client.force_login(people.alice)
    return client.post(reverse("request_withdrawal", args=[people.home.account.address]), {"amount": amount})


def test_a_request_is_signed_and_relayed(client: Client, people: People, managed: list[dict[str, Any]]) -> None:
    answer = ask(client, people, "12.50")
    assert answer.headers["Location"] == reverse("account_home", args=[people.home.account.address])
    (sent,) = managed
    assert sent["amount"] == 12_500_000
    names = ("to", "amount", "nonce", "deadline")
    message = {"account": sent["to"], **{name: sent[name] for name in names}}
    signer = keccak256(PrivateKey(PRIVATE_KEY).public_key.format(compressed=False)[1:])[-20:]
    assert recover(digest(DOMAIN, "Withdrawal", message), sent["signature"]) == signer
    assert "€12.50 will be paid out" in client.get(answer.headers["Location"]).content.decode()


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("", "Say how much"),
        ("twelve", "Write the amount as a number"),
        ("0", "more than zero"),
        ("-3", "more than zero"),
        ("NaN", "Write the amount as a number"),
        ("0.0000001", "at most six digits"),
    ],
)
def test_a_wrong_amount_comes_back_beside_its_field(
    client: Client, people: People, managed: list[dict[str, Any]], amount: str, words: str
) -> None:
    answer = ask(client, people, amount)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert words in text
    assert 'aria-invalid="true"' in text
    assert f'value="{amount}"' in text
    assert managed == []


def test_more_than_the_free_balance_is_said_in_words(
    client: Client, people: People, managed: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**arguments: Any) -> None:
        raise Refused("balance_too_small", "The free balance is 1 token units.")

    monkeypatch.setattr(withdrawals.withdrawals, "request", refuse)
    assert "more than your free balance" in ask(client, people, "900").content.decode()


def test_a_silent_chain_requests_nothing(
    client: Client, people: People, managed: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent() -> TypedDomain:
        raise ChainUnavailable("no answer")

    monkeypatch.setattr(withdrawals, "eip712_domain", silent)
    assert "Nothing was requested" in ask(client, people, "1").content.decode()
    assert managed == []


def test_an_account_that_signs_for_itself_has_no_form(client: Client, people: People) -> None:
    client.force_login(people.alice)
    assert "Request withdrawal" not in client.get(reverse("home")).content.decode()
    assert "signs for itself" in ask(client, people, "1").content.decode()


def test_no_key_is_used_outside_the_demonstration(people: People, managed: list[dict[str, Any]], settings: Any) -> None:
    assert signers.is_managed(people.home.account)
    settings.DEMO = False
    assert not signers.is_managed(people.home.account)
