"""Signatures of members: wallets by recovery, contracts by asking them."""

import pytest
from coincurve import PrivateKey

from grid.chain import client, keys, signing
from grid.chain.client import Client
from grid.chain.errors import SlowCrypto

PRIVATE = b"\x07" * 32
WALLET = keys.address_of(PRIVATE)
DIGEST = bytes(range(32))
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def test_a_wallet_signs_and_is_recovered() -> None:
    signature = signing.sign_digest(PRIVATE, DIGEST)

    assert signing.recover(DIGEST, signature) == WALLET
    assert signing.verify(WALLET, DIGEST, signature)


def test_the_other_half_of_the_curve_is_refused() -> None:
    signature = signing.sign_digest(PRIVATE, DIGEST)
    high = ORDER - int.from_bytes(signature[32:64], "big")
    twin = signature[:32] + high.to_bytes(32, "big") + bytes([55 - signature[64]])

    assert signing.recover(DIGEST, twin) is None


@pytest.mark.parametrize("signature", [b"", b"\x00" * 64, b"\x00" * 65, b"\xff" * 64 + b"\x1b"])
def test_what_is_no_signature_is_refused(chain: Client, signature: bytes) -> None:
    assert signing.recover(DIGEST, signature) is None
    assert not signing.verify(WALLET, DIGEST, signature)


def test_another_wallets_signature_is_refused(chain: Client) -> None:
    assert not signing.verify(WALLET, DIGEST, signing.sign_digest(b"\x08" * 32, DIGEST))


def test_a_signer_without_a_verifier_is_refused(chain: Client) -> None:
    key = PrivateKey(PRIVATE).public_key.format()
    assert not signing.verify(b"\x99" * 20 + key, DIGEST, signing.sign_digest(PRIVATE, DIGEST))


def test_a_contract_wallet_is_asked(chain: Client) -> None:
    """Code that answers every call with ERC-1271's magic value."""
    wallet = b"\x55" * 20
    code = "7f1626ba7e" + "00" * 28 + "60005260206000f3"
    chain.call("anvil_setCode", "0x" + wallet.hex(), "0x" + code)

    assert signing.verify(wallet, DIGEST, b"anything")


def test_fast_libraries_are_in_use() -> None:
    client.check_fast_crypto()


def test_a_slow_fallback_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECC_BACKEND_CLASS", "eth_keys.backends.native.NativeECCBackend")
    with pytest.raises(SlowCrypto, match="coincurve"):
        client.check_fast_crypto()
