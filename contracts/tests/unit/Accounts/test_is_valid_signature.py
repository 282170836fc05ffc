"""isValidSignature and signerOf."""

import signing
from brownie import ZERO_ADDRESS
from eth_utils import keccak, to_checksum_address

DIGEST = keccak(text="message")


def test_wallet_stands_for_itself(registry, alice):
    assert registry.signer(alice.account) == alice.signer
    assert registry.contract.isValidSignature(alice.account, DIGEST, alice.sign(DIGEST))


def test_other_signature_is_invalid(registry, alice):
    good = alice.sign(DIGEST)
    others = (registry.wallet("bob").sign(DIGEST), alice.sign(keccak(text="other")))
    for bad in (*others, b"", good[:64], good + b"\x00", bytes(65), b"\xff" * 65):
        assert not registry.contract.isValidSignature(alice.account, DIGEST, bad)


def test_malleated_signature_is_invalid(registry, alice):
    good = alice.sign(DIGEST)
    recoveries = [good[:64] + bytes([v]) for v in (0, 1, 29)]
    for bad in (signing.malleated(good), signing.compact(good), *recoveries):
        assert not registry.contract.isValidSignature(alice.account, DIGEST, bad)


def test_nobody_is_no_account(registry):
    assert not registry.contract.isValidSignature(ZERO_ADDRESS, DIGEST, b"\x00" * 65)


def test_enrolled_key_signs_for_its_id(registry, phone, laptop):
    account = to_checksum_address(keccak(phone.signer)[12:])
    registry.contract.enrol(phone.signer, {"from": registry.world.mallory})
    assert registry.contract.isValidSignature(account, DIGEST, phone.sign(DIGEST))
    for bad in (phone.sign(keccak(text="other")), laptop.sign(DIGEST), b""):
        assert not registry.contract.isValidSignature(account, DIGEST, bad)


def test_contract_wallet_is_asked(world, project):
    wallet = project.TestWallet.deploy(b"open sesame", {"from": world.admin})
    assert world.accounts.isValidSignature(wallet, DIGEST, b"open sesame")
    assert not world.accounts.isValidSignature(wallet, DIGEST, b"open barley")


def test_wallet_with_code_still_signs_with_its_key(registry, project, alice):
    """An EIP-7702 delegation puts code at the address; the key behind it is as good as before."""
    world = registry.world
    wallet = project.TestWallet.deploy(b"open sesame", {"from": world.admin})
    delegated = "0xef0100" + wallet.address[2:]
    world.set_code(alice.account, delegated)
    assert registry.contract.isValidSignature(alice.account, DIGEST, alice.sign(DIGEST))
    assert registry.contract.isValidSignature(alice.account, DIGEST, b"open sesame")
    assert not registry.contract.isValidSignature(alice.account, DIGEST, b"open barley")


def test_contract_that_is_no_wallet_signs_nothing(registry):
    """The token answers no such call; the registry itself answers another one of the same name."""
    for contract in (registry.world.token, registry.contract):
        assert not registry.contract.isValidSignature(contract, DIGEST, b"open sesame")
