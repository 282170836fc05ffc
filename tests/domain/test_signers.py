import pytest

from grid.domain.keccak import keccak256
from grid.domain.signers import account_id, address_bytes, address_text


def test_a_wallet_is_its_own_account():
    assert account_id(b"\x11" * 20) == b"\x11" * 20


def test_a_key_behind_a_verifier_is_an_account_by_its_hash():
    signer = b"\x22" * 20 + bytes(64)
    assert account_id(signer) == keccak256(signer)[12:]


def test_a_signer_without_an_address_is_refused():
    with pytest.raises(ValueError, match="19 bytes"):
        account_id(bytes(19))


def test_addresses_are_kept_in_lower_case():
    assert address_text(address_bytes("0x" + "aB" * 20)) == "0x" + "ab" * 20


@pytest.mark.parametrize("text", ["", "ab" * 20, "0x" + "ab" * 19, "0x" + "zz" * 20])
def test_text_that_is_no_address_is_refused(text):
    with pytest.raises(ValueError, match="hex"):
        address_bytes(text)


def test_bytes_that_are_no_address_are_refused():
    with pytest.raises(ValueError, match="21 bytes"):
        address_text(bytes(21))


def test_keccak_is_not_sha3():
    assert keccak256(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
