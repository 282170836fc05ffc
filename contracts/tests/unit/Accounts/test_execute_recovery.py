from signers import NOTHING
from world import refused


def test_anyone_puts_it_into_effect(registry, alice, laptop, phone, recoverable):
    ready = registry.recover(recoverable, laptop, phone).events["RecoveryRequested"]["readyAt"]
    registry.world.next_at(ready)
    tx = registry.contract.executeRecovery(recoverable, {"from": registry.world.mallory})
    assert tx.events["SignerChanged"] == {"account": recoverable, "signer": "0x" + phone.signer.hex(), "changes": 1}
    assert registry.signs(phone, recoverable)
    assert not registry.signs(alice, recoverable)
    assert registry.waiting_recovery(recoverable) == NOTHING
    assert registry.contract.recoveryOf(recoverable) == laptop.account


def test_one_second_early__reverts(registry, laptop, phone, recoverable):
    ready = registry.recover(recoverable, laptop, phone).events["RecoveryRequested"]["readyAt"]
    registry.world.next_at(ready - 1)
    with refused("SignerNotReady", ready, ready - 1):
        registry.contract.executeRecovery(recoverable, {"from": registry.world.relayer})


def test_nothing_waits__reverts(registry, alice, phone, recoverable):
    registry.change(recoverable, alice, phone)
    registry.wait()
    with refused("NothingWaits", recoverable):
        registry.contract.executeRecovery(recoverable, {"from": registry.world.relayer})


def test_it_ends_a_change_that_waits(registry, alice, laptop, phone, recoverable):
    thief = registry.wallet("mallory")
    registry.recover(recoverable, laptop, phone)
    registry.change(recoverable, alice, thief)
    registry.wait()
    tx = registry.contract.executeRecovery(recoverable, {"from": registry.world.relayer})
    assert tx.events["SignerChangeCancelled"] == {"account": recoverable, "newSigner": "0x" + thief.signer.hex()}
    with refused("NothingWaits", recoverable):
        registry.contract.executeSignerChange(recoverable, {"from": registry.world.mallory})
    assert registry.signs(phone, recoverable)


def test_it_follows_a_change_that_was_quicker(registry, alice, laptop, phone, recoverable):
    """A thief who changes the signer before the owner notices does not escape the recovery that waits."""
    thief = registry.wallet("mallory")
    registry.change(recoverable, alice, thief)
    registry.recover(recoverable, laptop, phone)
    registry.wait()
    registry.contract.executeSignerChange(recoverable, {"from": registry.world.mallory})
    assert registry.signs(thief, recoverable)
    registry.contract.executeRecovery(recoverable, {"from": registry.world.relayer})
    assert registry.signs(phone, recoverable)
    assert not registry.signs(thief, recoverable)
    assert registry.contract.signerChanges(recoverable) == 2


def test_owner_stops_an_agent_and_removes_it(registry, alice, laptop, recoverable):
    thief = registry.wallet("mallory")
    registry.recover(recoverable, laptop, thief)
    registry.cancel(recoverable, alice)
    registry.recover(recoverable, laptop, thief)
    registry.name_recovery(recoverable, alice, b"")
    registry.wait()
    with refused("NothingWaits", recoverable):
        registry.contract.executeRecovery(recoverable, {"from": registry.world.mallory})
    assert registry.signs(alice, recoverable)


def test_two_accounts_may_recover_each_other(registry, alice, laptop, phone, recoverable):
    registry.name_recovery(laptop.account, laptop, alice.signer)
    registry.recover(recoverable, laptop, phone)
    registry.wait()
    registry.contract.executeRecovery(recoverable, {"from": registry.world.relayer})
    registry.recover(laptop.account, phone, registry.wallet("bob"))
    assert registry.waiting_recovery(laptop.account)[0] == registry.wallet("bob").signer
