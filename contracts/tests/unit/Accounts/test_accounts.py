import pytest
import signing
from brownie import ZERO_ADDRESS
from eth_account import Account
from eth_utils import keccak, to_checksum_address
from world import refused

DIGEST = keccak(text="message")


def raw(person, digest=DIGEST) -> bytes:
    return bytes(Account.unsafe_sign_hash(digest, person.key).signature)


@pytest.fixture
def signer(world, project) -> bytes:
    """A key of a type that the test verifier knows."""
    verifier = project.TestVerifier.deploy({"from": world.admin})
    return bytes.fromhex(verifier.address[2:]) + keccak(text="passkey")


def test_wallet_stands_for_itself(world):
    alice = world.person("alice")
    assert bytes(world.accounts.signerOf(alice.address)) == bytes.fromhex(alice.address[2:])
    assert world.accounts.isValidSignature(alice.address, DIGEST, raw(alice))


def test_other_signature_is_invalid(world):
    alice, bob = world.person("alice"), world.person("bob")
    good = raw(alice)
    for bad in (raw(bob), raw(alice, keccak(text="other")), b"", good[:64], good + b"\x00"):
        assert not world.accounts.isValidSignature(alice.address, DIGEST, bad)


def test_malleated_signature_is_invalid(world):
    alice = world.person("alice")
    good = raw(alice)
    for bad in (signing.malleated(good), signing.compact(good), good[:64] + b"\x00", good[:64] + b"\x1d"):
        assert not world.accounts.isValidSignature(alice.address, DIGEST, bad)


def test_nobody_is_no_account(world):
    assert not world.accounts.isValidSignature(ZERO_ADDRESS, DIGEST, b"\x00" * 65)


def test_enrolled_key_signs_for_its_id(world, signer):
    account = to_checksum_address(keccak(signer)[12:])
    tx = world.accounts.enrol(signer, {"from": world.mallory})
    assert tx.events["SignerEnrolled"] == {"account": account, "signer": "0x" + signer.hex()}
    assert bytes(world.accounts.signerOf(account)) == signer
    assert world.accounts.isValidSignature(account, DIGEST, keccak(signer[20:] + DIGEST))
    assert not world.accounts.isValidSignature(account, DIGEST, keccak(signer[20:] + keccak(text="other")))


def test_enrolling_twice__reverts(world, signer):
    tx = world.accounts.enrol(signer, {"from": world.relayer})
    with refused("AlreadyEnrolled", tx.return_value):
        world.accounts.enrol(signer, {"from": world.relayer})


def test_signer_without_a_verifier__reverts(world):
    """The public key behind a wallet hashes to its address; enrolling it would lock the wallet out."""
    public = bytes.fromhex(Account.from_key(world.person("alice").key)._key_obj.public_key.to_hex()[2:])
    assert to_checksum_address(keccak(public)[12:]) == world["alice"]
    with refused("VerifierHasNoCode", to_checksum_address(public[:20])):
        world.accounts.enrol(public, {"from": world.mallory})


def test_signer_no_longer_than_an_address__reverts(world):
    with refused("SignerTooShort", 20):
        world.accounts.enrol(bytes.fromhex(world["alice"][2:]), {"from": world.mallory})


def test_contract_wallet_is_asked(world, project):
    wallet = project.TestWallet.deploy(b"open sesame", {"from": world.admin})
    assert world.accounts.isValidSignature(wallet, DIGEST, b"open sesame")
    assert not world.accounts.isValidSignature(wallet, DIGEST, b"open barley")
