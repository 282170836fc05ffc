from eth_account import Account
from eth_utils import keccak, to_checksum_address
from world import refused


def test_anyone_makes_a_key_known(registry, phone):
    world = registry.world
    assert not registry.signs(phone, phone.account)
    tx = registry.contract.enrol(phone.signer, {"from": world.mallory})
    assert tx.return_value == phone.account
    assert tx.events["SignerEnrolled"] == {"account": phone.account, "signer": "0x" + phone.signer.hex()}
    assert registry.signer(phone.account) == phone.signer
    assert registry.signs(phone, phone.account)
    assert registry.contract.signerChanges(phone.account) == 0


def test_twice__reverts(registry, phone):
    registry.contract.enrol(phone.signer, {"from": registry.world.relayer})
    with refused("AlreadyEnrolled", phone.account):
        registry.contract.enrol(phone.signer, {"from": registry.world.mallory})


def test_a_replaced_key_cannot_be_enrolled_again(registry, phone, laptop):
    registry.contract.enrol(phone.signer, {"from": registry.world.relayer})
    registry.succeed(phone.account, phone, laptop)
    with refused("AlreadyEnrolled", phone.account):
        registry.contract.enrol(phone.signer, {"from": registry.world.mallory})
    assert registry.signer(phone.account) == laptop.signer


def test_signer_without_a_verifier__reverts(world):
    """The public key behind a wallet hashes to its address; enrolling it would lock the wallet out."""
    public = bytes.fromhex(Account.from_key(world.person("alice").key)._key_obj.public_key.to_hex()[2:])
    assert to_checksum_address(keccak(public)[12:]) == world["alice"]
    with refused("VerifierHasNoCode", to_checksum_address(public[:20])):
        world.accounts.enrol(public, {"from": world.mallory})


def test_signer_of_zeros__reverts(world):
    with refused("SignerZero"):
        world.accounts.enrol(bytes(20) + b"\x01", {"from": world.mallory})


def test_signer_no_longer_than_an_address__reverts(registry, alice):
    for short in (b"", b"\x01", alice.signer[:19], alice.signer):
        with refused("SignerTooShort", len(short)):
            registry.contract.enrol(short, {"from": registry.world.mallory})
