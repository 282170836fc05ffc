from signers import NOTHING, SIGNER_DELAY, rejected
from world import refused


def test_it_waits_and_is_announced(registry, alice, laptop, phone, recoverable):
    message = registry.message("Recovery", recoverable, phone.signer)
    tx = registry.send("Recovery", message, laptop, phone)
    ready = tx.timestamp + SIGNER_DELAY
    assert tx.events["RecoveryRequested"] == {
        "account": recoverable,
        "recovery": laptop.account,
        "newSigner": "0x" + phone.signer.hex(),
        "readyAt": ready,
    }
    assert registry.waiting_recovery(recoverable) == (phone.signer, ready)
    assert registry.signs(alice, recoverable)
    assert not registry.signs(phone, recoverable)


def test_nonce_is_the_recovery_accounts(registry, laptop, phone, recoverable):
    """An agent that misbehaves cannot spend the owner's nonces."""
    message = registry.message("Recovery", recoverable, phone.signer)
    registry.send("Recovery", message, laptop, phone)
    assert registry.contract.nonceUsed(laptop.account, message["nonce"])
    assert not registry.contract.nonceUsed(recoverable, message["nonce"])


def test_second_one__reverts(registry, laptop, phone, recoverable):
    ready = registry.recover(recoverable, laptop, phone).events["RecoveryRequested"]["readyAt"]
    for other in (phone, registry.wallet("bob")):
        with refused("AlreadyWaiting", recoverable, ready):
            registry.recover(recoverable, laptop, other)
    assert registry.waiting_recovery(recoverable) == (phone.signer, ready)


def test_recovery_and_change_do_not_block_each_other(registry, alice, laptop, phone, recoverable):
    bob = registry.wallet("bob")
    registry.recover(recoverable, laptop, phone)
    registry.change(recoverable, alice, bob)
    assert registry.waiting_recovery(recoverable)[0] == phone.signer
    assert registry.waiting_change(recoverable)[0] == bob.signer


def test_agent_may_take_the_account_itself(registry, laptop, recoverable):
    registry.recover(recoverable, laptop, laptop)
    registry.wait()
    registry.contract.executeRecovery(recoverable, {"from": registry.world.mallory})
    assert registry.signs(laptop, recoverable)


def test_none_is_named__reverts(registry, alice, phone):
    with refused("NoRecovery", alice.account):
        registry.recover(alice.account, alice, phone)


def test_owner_and_stranger__reverts(registry, alice, phone, recoverable):
    for nobody in (alice, phone, registry.wallet("mallory")):
        with rejected("SignatureInvalid"):
            registry.recover(recoverable, nobody, phone)


def test_new_signer_must_agree(registry, laptop, phone, recoverable):
    message = registry.message("Recovery", recoverable, phone.signer)
    with rejected("NewSignerInvalid"):
        registry.send("Recovery", message, laptop, laptop)
    assert registry.waiting_recovery(recoverable) == NOTHING


def test_signer_that_could_never_sign__reverts(registry, alice, laptop, phone, recoverable):
    for signer, error, value in (
        (alice.signer[:19], "SignerTooShort", [19]),
        (bytes(20), "SignerZero", []),
        (alice.signer + phone.key, "VerifierHasNoCode", [alice.account]),
    ):
        with refused(error, *value):
            registry.send("Recovery", registry.message("Recovery", recoverable, signer), laptop, phone)
    with refused("SignerUnchanged", recoverable):
        registry.recover(recoverable, laptop, alice)


def test_message_for_one_account_is_none_for_another(registry, laptop, phone, recoverable):
    """A community's key is named by many; what it signs for one is good for that one."""
    bob = registry.wallet("bob")
    registry.name_recovery(bob.account, bob, laptop.signer)
    message = registry.message("Recovery", bob.account, phone.signer)
    arguments = registry.arguments("Recovery", message, laptop, phone)
    with rejected("SignatureInvalid"):
        registry.contract.requestRecovery(recoverable, *arguments[1:], {"from": registry.world.mallory})


def test_agent_that_changed_its_signer_recovers_with_the_new_one(registry, alice, laptop, phone, recoverable):
    community = registry.wallet("community")
    registry.succeed(laptop.account, laptop, community)
    with rejected("SignatureInvalid"):
        registry.recover(recoverable, laptop, phone)
    registry.recover(recoverable, community, phone)
    assert registry.waiting_recovery(recoverable)[0] == phone.signer
