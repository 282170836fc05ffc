"""Signatures of members: wallets by recovery, everything else as Accounts answers."""

from datetime import timedelta

import pytest
from coincurve import PrivateKey

from grid.chain import client, contracts, keys, queries, signing
from grid.chain.client import Client
from grid.chain.errors import ChainUnavailable, SlowCrypto
from grid.chain.models import Block, ChainEvent
from grid.domain.signers import account_id, address_text
from tests.chain.support import NOW

PRIVATE = b"\x07" * 32
WALLET = keys.address_of(PRIVATE)
DIGEST = bytes(range(32))
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


@pytest.fixture
def indexed(db: None) -> Block:
    """An index whose newest block is from now."""
    return Block.objects.create(number=7, hash="0x" + "07" * 32, timestamp=int(NOW.timestamp()))


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """A chain that does not answer."""

    def call(*_: object) -> None:
        raise ChainUnavailable("no answer")

    monkeypatch.setattr(queries, "call", call)


def test_a_wallet_signs_and_is_recovered() -> None:
    signature = signing.sign_digest(PRIVATE, DIGEST)

    assert signing.recover(DIGEST, signature) == WALLET


def test_the_other_half_of_the_curve_is_refused() -> None:
    signature = signing.sign_digest(PRIVATE, DIGEST)
    high = ORDER - int.from_bytes(signature[32:64], "big")
    twin = signature[:32] + high.to_bytes(32, "big") + bytes([55 - signature[64]])

    assert signing.recover(DIGEST, twin) is None


@pytest.mark.parametrize("signature", [b"", b"\x00" * 64, b"\x00" * 65, b"\xff" * 64 + b"\x1b"])
def test_what_is_no_signature_is_refused(chain: Client, signature: bytes) -> None:
    assert signing.recover(DIGEST, signature) is None
    assert not signing.verify(WALLET, DIGEST, signature, now=NOW)


def test_another_wallets_signature_is_refused(chain: Client) -> None:
    assert not signing.verify(WALLET, DIGEST, signing.sign_digest(b"\x08" * 32, DIGEST), now=NOW)


def test_what_is_no_account_or_digest_is_refused(silent: None) -> None:
    signature = signing.sign_digest(PRIVATE, DIGEST)
    assert not signing.verify(WALLET[:19], DIGEST, signature, now=NOW)
    assert not signing.verify(WALLET, DIGEST[:31], signature, now=NOW)


@pytest.mark.django_db
def test_a_key_that_nobody_enrolled_is_refused(chain: Client) -> None:
    signer = b"\x99" * 20 + PrivateKey(PRIVATE).public_key.format()
    assert not signing.verify(account_id(signer), DIGEST, signing.sign_digest(PRIVATE, DIGEST), now=NOW)


@pytest.mark.django_db
def test_a_contract_wallet_is_asked(chain: Client) -> None:
    """Code that answers every call with ERC-1271's magic value."""
    wallet = b"\x55" * 20
    code = "7f1626ba7e" + "00" * 28 + "60005260206000f3"
    chain.call("anvil_setCode", "0x" + wallet.hex(), "0x" + code)

    assert signing.verify(wallet, DIGEST, b"anything", now=NOW)


def test_a_wallet_that_was_never_replaced_needs_no_chain(indexed: Block, silent: None) -> None:
    assert signing.verify(WALLET, DIGEST, signing.sign_digest(PRIVATE, DIGEST), now=NOW)


@pytest.mark.django_db
def test_without_an_index_the_chain_is_asked(chain: Client) -> None:
    assert queries.signer_may_have_changed(WALLET, now=NOW)
    assert signing.verify(WALLET, DIGEST, signing.sign_digest(PRIVATE, DIGEST), now=NOW)


def test_an_index_that_lags_too_far_behind_proves_nothing(indexed: Block, silent: None) -> None:
    notice = timedelta(seconds=queries.SIGNER_NOTICE_SECONDS)
    assert not queries.signer_may_have_changed(WALLET, now=NOW + notice)
    late = NOW + notice + timedelta(seconds=1)
    assert queries.signer_may_have_changed(WALLET, now=late)
    with pytest.raises(ChainUnavailable):
        signing.verify(WALLET, DIGEST, signing.sign_digest(PRIVATE, DIGEST), now=late)


@pytest.mark.parametrize("name", ["SignerChangeRequested", "RecoveryRequested"])
def test_a_requested_change_sends_the_question_to_the_chain(indexed: Block, silent: None, name: str) -> None:
    args = {"account": address_text(WALLET), "newSigner": "0x", "readyAt": 0}
    ChainEvent.objects.create(block=indexed, log_index=0, tx_hash="0x", contract="Accounts", name=name, args=args)
    assert queries.signer_may_have_changed(WALLET, now=NOW)
    assert not queries.signer_may_have_changed(b"\x55" * 20, now=NOW)
    with pytest.raises(ChainUnavailable):
        signing.verify(WALLET, DIGEST, signing.sign_digest(PRIVATE, DIGEST), now=NOW)


def test_the_notice_is_shorter_than_any_delay() -> None:
    """What the shortcut for wallets rests on: Accounts refuses a delay under a day."""
    assert 2 * queries.SIGNER_NOTICE_SECONDS <= 86_400
    assert {"SignerChangeRequested", "RecoveryRequested"} <= {
        event.name for event in contracts.contract("Accounts").events.values()
    }


def test_fast_libraries_are_in_use() -> None:
    client.check_fast_crypto()


def test_a_slow_fallback_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECC_BACKEND_CLASS", "eth_keys.backends.native.NativeECCBackend")
    with pytest.raises(SlowCrypto, match="coincurve"):
        client.check_fast_crypto()
