from brownie import ZERO_ADDRESS
from signers import NOTHING, rejected
from world import refused


def test_key_is_named_and_enrolled_along_the_way(registry, alice, laptop):
    tx = registry.name_recovery(alice.account, alice, laptop.signer)
    assert tx.events["SignerEnrolled"]["account"] == laptop.account
    assert tx.events["RecoverySet"] == {"account": alice.account, "recovery": laptop.account}
    assert registry.contract.recoveryOf(alice.account) == laptop.account
    assert registry.signer(laptop.account) == laptop.signer


def test_known_key_is_named_without_more(registry, alice, laptop):
    registry.contract.enrol(laptop.signer, {"from": registry.world.relayer})
    tx = registry.name_recovery(alice.account, alice, laptop.signer)
    assert "SignerEnrolled" not in tx.events
    assert registry.contract.recoveryOf(alice.account) == laptop.account


def test_wallet_or_id_is_named(registry, alice, laptop):
    bob = registry.wallet("bob")
    registry.name_recovery(alice.account, alice, bob.signer)
    assert registry.contract.recoveryOf(alice.account) == bob.account
    registry.name_recovery(alice.account, alice, bytes.fromhex(laptop.account[2:]))
    assert registry.contract.recoveryOf(alice.account) == laptop.account


def test_nobody_is_named(registry, alice, recoverable, laptop, phone):
    tx = registry.name_recovery(recoverable, alice, b"")
    assert tx.events["RecoverySet"] == {"account": recoverable, "recovery": ZERO_ADDRESS}
    with refused("NoRecovery", recoverable):
        registry.recover(recoverable, laptop, phone)


def test_another_one_ends_what_the_old_one_began(registry, alice, laptop, phone, recoverable):
    registry.recover(recoverable, laptop, phone)
    tx = registry.name_recovery(recoverable, alice, registry.wallet("bob").signer)
    assert tx.events["RecoveryCancelled"] == {"account": recoverable, "newSigner": "0x" + phone.signer.hex()}
    assert registry.waiting_recovery(recoverable) == NOTHING
    registry.wait()
    with refused("NothingWaits", recoverable):
        registry.contract.executeRecovery(recoverable, {"from": registry.world.mallory})
    with rejected("SignatureInvalid"):
        registry.recover(recoverable, laptop, phone)


def test_a_change_that_waits_goes_on(registry, alice, phone, laptop):
    registry.change(alice.account, alice, phone)
    registry.name_recovery(alice.account, alice, laptop.signer)
    registry.wait()
    registry.contract.executeSignerChange(alice.account, {"from": registry.world.relayer})
    assert registry.contract.recoveryOf(alice.account) == laptop.account


def test_itself_or_the_same_again__reverts(registry, alice, laptop, recoverable):
    with refused("RecoveryInvalid", recoverable, recoverable):
        registry.name_recovery(recoverable, alice, alice.signer)
    with refused("RecoveryInvalid", recoverable, laptop.account):
        registry.name_recovery(recoverable, alice, laptop.signer)
    bob = registry.wallet("bob")
    with refused("RecoveryInvalid", bob.account, ZERO_ADDRESS):
        registry.name_recovery(bob.account, bob, b"")


def test_what_cannot_sign__reverts(registry, alice, phone):
    for recovery, error, value in (
        (b"\x01", "SignerTooShort", [1]),
        (alice.signer[:19], "SignerTooShort", [19]),
        (bytes(20), "SignerZero", []),
        (alice.signer + phone.key, "VerifierHasNoCode", [alice.account]),
    ):
        with refused(error, *value):
            registry.name_recovery(alice.account, alice, recovery)
    assert registry.contract.recoveryOf(alice.account) == ZERO_ADDRESS


def test_key_that_was_replaced_is_named_by_its_id_only(registry, alice, laptop):
    """By its bytes the owner would mean the key, and name whoever signs for its account now."""
    registry.contract.enrol(laptop.signer, {"from": registry.world.relayer})
    registry.succeed(laptop.account, laptop, registry.wallet("bob"))
    with refused("SignerReplaced", laptop.account):
        registry.name_recovery(alice.account, alice, laptop.signer)
    registry.name_recovery(alice.account, alice, bytes.fromhex(laptop.account[2:]))
    assert registry.contract.recoveryOf(alice.account) == laptop.account


def test_strangers_signature__reverts(registry, alice, laptop, recoverable):
    for nobody in (laptop, registry.wallet("mallory")):
        with rejected("SignatureInvalid"):
            registry.name_recovery(recoverable, nobody, registry.wallet("mallory").signer)
    assert registry.contract.recoveryOf(recoverable) == laptop.account
