from signers import NOTHING, rejected
from world import refused


def test_present_signer_calls_a_change_off(registry, alice, phone):
    registry.change(alice.account, alice, phone)
    tx = registry.cancel(alice.account, alice)
    assert tx.events["SignerChangeCancelled"] == {"account": alice.account, "newSigner": "0x" + phone.signer.hex()}
    assert "RecoveryCancelled" not in tx.events
    assert registry.waiting_change(alice.account) == NOTHING
    registry.wait()
    with refused("NothingWaits", alice.account):
        registry.contract.executeSignerChange(alice.account, {"from": registry.world.mallory})


def test_one_message_calls_off_both(registry, alice, phone, laptop, recoverable):
    bob = registry.wallet("bob")
    registry.change(recoverable, alice, phone)
    registry.recover(recoverable, laptop, bob)
    tx = registry.cancel(recoverable, alice)
    assert tx.events["SignerChangeCancelled"]["newSigner"] == "0x" + phone.signer.hex()
    assert tx.events["RecoveryCancelled"] == {"account": recoverable, "newSigner": "0x" + bob.signer.hex()}
    assert registry.waiting_change(recoverable) == registry.waiting_recovery(recoverable) == NOTHING


def test_possible_until_executed(registry, alice, phone):
    """A change that has matured is still only a request."""
    registry.change(alice.account, alice, phone)
    registry.wait()
    registry.wait()
    registry.cancel(alice.account, alice)
    assert registry.signs(alice, alice.account)


def test_nothing_waits__reverts(registry, alice):
    message = registry.message("SignerChangeCancel", alice.account)
    with refused("NothingWaits", alice.account):
        registry.send("SignerChangeCancel", message, alice)
    assert not registry.contract.nonceUsed(alice.account, message["nonce"])


def test_neither_new_signer_nor_recovery_nor_stranger__reverts(registry, alice, phone, laptop, recoverable):
    registry.change(recoverable, alice, phone)
    registry.recover(recoverable, laptop, phone)
    for nobody in (phone, laptop, registry.wallet("mallory")):
        with rejected("SignatureInvalid"):
            registry.cancel(recoverable, nobody)
    assert registry.waiting_change(recoverable)[0] == registry.waiting_recovery(recoverable)[0] == phone.signer


def test_a_cancellation_is_good_for_one_attempt(registry, alice, phone):
    registry.change(alice.account, alice, phone)
    message = registry.message("SignerChangeCancel", alice.account)
    registry.send("SignerChangeCancel", message, alice)
    registry.change(alice.account, alice, phone)
    with refused("NonceAlreadyUsed", alice.account, message["nonce"]):
        registry.send("SignerChangeCancel", message, alice)
    assert registry.waiting_change(alice.account)[0] == phone.signer
