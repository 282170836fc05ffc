"""A member looks at a binding and signs it, or not."""

import json
from pathlib import Path
from typing import Any

import pytest
from coincurve import PrivateKey
from django.test import Client
from django.urls import reverse

from grid.chain import signing
from grid.domain import typed_data
from grid.domain.keccak import keccak256
from grid.domain.typed_data import TypedDomain
from grid.metering.models import Binding, BindingProposal
from grid.metering.services import proposals, registry
from grid.portal import signers
from grid.portal.views import proposals as views
from tests.factories import NOW, TODAY, People

DOMAIN = TypedDomain(chain_id=31337, verifying_contract=b"\x11" * 20)
PRIVATE_KEY = (78).to_bytes(32, "big")


@pytest.fixture
def proposal(people: People, monkeypatch: pytest.MonkeyPatch) -> BindingProposal:
    """A binding that waits for Alice, whose account is a wallet with PRIVATE_KEY."""
    monkeypatch.setattr(views, "eip712_domain", lambda: DOMAIN)
    monkeypatch.setattr(registry.chain_queries, "eip712_domain", lambda: DOMAIN)
    point = PrivateKey(PRIVATE_KEY).public_key.format(compressed=False)
    address = keccak256(point[1:])[-20:]
    account = people.home.account
    account.address, account.signer = "0x" + address.hex(), address
    account.save()
    terms = registry.BindingTerms(
        point=people.home.point, meter=people.home.meter, account=account, from_day=TODAY + 1, multiplier_num=40
    )
    return proposals.propose(terms=terms, by=people.olga, now=NOW)


def path_of(proposal: BindingProposal, name: str = "proposal") -> str:
    assert proposal.account is not None
    return reverse(name, args=[proposal.account.address, proposal.pk])


def test_the_page_shows_what_is_signed_byte_for_byte(client: Client, people: People, proposal: BindingProposal) -> None:
    client.force_login(people.alice)
    assert (
        "proposes a binding of Sonnengasse 12"
        in client.get(reverse("account_points", args=[people.home.account.address])).content.decode()
    )
    text = client.get(path_of(proposal)).content.decode()
    message = proposals.terms_of(proposal).message()
    for value in message.values():
        assert ("0x" + value.hex() if isinstance(value, bytes) else str(value).lower()) in text
    digest = typed_data.digest(DOMAIN, "Binding", message)
    assert "0x" + digest.hex() in text
    document = client.get(path_of(proposal, "proposal_json")).json()
    assert document == json.loads(json.dumps(typed_data.typed_data_json(DOMAIN, "Binding", message)))


def test_wallets_signature_makes_it_hold(client: Client, people: People, proposal: BindingProposal) -> None:
    client.force_login(people.alice)
    wrong = client.post(path_of(proposal), {"step": "sign", "signature": "zz"})
    assert wrong.status_code == 422
    digest = typed_data.digest(DOMAIN, "Binding", proposals.terms_of(proposal).message())
    signature = signing.sign_digest(PRIVATE_KEY, digest)

    answer = client.post(path_of(proposal), {"step": "sign", "signature": "0x" + signature.hex()}, follow=True)

    assert "You signed." in answer.content.decode()
    binding = Binding.objects.latest("pk")
    assert (bytes(binding.co_signature), binding.multiplier_num) == (signature, 40)


def test_managed_account_is_signed_for(
    client: Client, people: People, proposal: BindingProposal, settings: Any, tmp_path: Path
) -> None:
    settings.DATA_DIR = tmp_path
    (tmp_path / "log-key").write_text("11" * 32)
    (tmp_path / "log-key").chmod(0o600)
    (tmp_path / signers.FILE_NAME).write_text(json.dumps({people.home.account.address: "0x" + PRIVATE_KEY.hex()}))
    client.force_login(people.alice)
    client.post(path_of(proposal), {"step": "sign"})
    proposal.refresh_from_db()
    assert proposal.state == "signed"


def test_declining_needs_a_reason(client: Client, people: People, proposal: BindingProposal) -> None:
    client.force_login(people.alice)
    assert client.post(path_of(proposal), {"step": "decline"}).status_code == 422
    client.post(path_of(proposal), {"step": "decline", "reason": "not my meter"})
    proposal.refresh_from_db()
    assert (proposal.state, proposal.reason) == ("declined", "not my meter")


def test_viewer_sees_it_and_signs_nothing_and_a_stranger_sees_nothing(
    client: Client, people: People, proposal: BindingProposal
) -> None:
    client.force_login(people.bob)
    page = client.get(path_of(proposal))
    assert page.status_code == 200
    assert 'value="sign"' not in page.content.decode()
    assert client.post(path_of(proposal), {"step": "sign", "signature": "00"}).status_code == 403
    client.force_login(people.mallory)
    assert client.get(path_of(proposal)).status_code == 404
    assert client.post(path_of(proposal), {"step": "sign"}).status_code == 404
    elsewhere = reverse("proposal", args=[people.elsewhere.account.address, proposal.pk])
    assert client.get(elsewhere).status_code == 404
    assert Binding.objects.filter(proposal__isnull=False).count() == 0
