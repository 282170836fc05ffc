from signers import NOTHING, SIGNER_DELAY, rejected
from world import TOKEN, refused


def test_anyone_puts_it_into_effect(registry, alice, phone):
    ready = registry.change(alice.account, alice, phone).events["SignerChangeRequested"]["readyAt"]
    registry.world.next_at(ready)
    tx = registry.contract.executeSignerChange(alice.account, {"from": registry.world.mallory})
    assert tx.events["SignerChanged"] == {
        "account": alice.account,
        "signer": "0x" + phone.signer.hex(),
        "changes": 1,
    }
    assert registry.signer(alice.account) == phone.signer
    assert registry.waiting_change(alice.account) == NOTHING
    assert registry.contract.signerChanges(alice.account) == 1


def test_one_second_early__reverts(registry, alice, phone):
    ready = registry.change(alice.account, alice, phone).events["SignerChangeRequested"]["readyAt"]
    registry.world.next_at(ready - 1)
    with refused("SignerNotReady", ready, ready - 1):
        registry.contract.executeSignerChange(alice.account, {"from": registry.world.relayer})
    assert registry.signer(alice.account) == alice.signer


def test_nothing_waits__reverts(registry, alice, phone):
    with refused("NothingWaits", alice.account):
        registry.contract.executeSignerChange(alice.account, {"from": registry.world.relayer})
    registry.succeed(alice.account, alice, phone)
    with refused("NothingWaits", alice.account):
        registry.contract.executeSignerChange(alice.account, {"from": registry.world.relayer})


def test_old_wallet_signs_nothing_any_more(registry, alice, phone):
    """The id is still the wallet's address, and the wallet has its key; neither counts."""
    registry.succeed(alice.account, alice, phone)
    assert registry.signs(phone, alice.account)
    assert not registry.signs(alice, alice.account)
    with rejected("SignatureInvalid"):
        registry.change(alice.account, alice, alice)
    with rejected("SignatureInvalid"):
        registry.cancel(alice.account, alice)
    with rejected("SignatureInvalid"):
        registry.world.request("alice", TOKEN)


def test_id_and_balance_survive(registry, alice, phone):
    world = registry.world
    before = world.free("alice")
    registry.succeed(alice.account, alice, phone)
    arguments = world.withdrawal("alice", world["alice"], TOKEN)
    message = dict(zip(("account", "to", "amount", "nonce", "deadline"), arguments, strict=False))
    arguments[-1] = registry.arguments("Withdrawal", message, phone, domain=world.domain)[-1]
    world.escrow.requestWithdrawal(*arguments, {"from": world.relayer})
    assert (world.free("alice"), world.escrow.pendingOf(world["alice"])) == (before - TOKEN, TOKEN)


def test_account_can_go_back_to_its_wallet(registry, alice, phone):
    registry.succeed(alice.account, alice, phone)
    registry.succeed(alice.account, phone, alice)
    assert registry.signer(alice.account) == alice.signer
    assert registry.signs(alice, alice.account)
    assert not registry.signs(phone, alice.account)
    assert registry.contract.signerChanges(alice.account) == 2


def test_one_signer_may_stand_for_two_accounts(registry, alice, phone):
    bob = registry.wallet("bob")
    registry.succeed(alice.account, alice, bob)
    assert registry.signs(bob, alice.account)
    assert registry.signs(bob, bob.account)
    registry.succeed(bob.account, bob, phone)
    assert registry.signs(bob, alice.account)
    assert not registry.signs(bob, bob.account)


def test_a_day_late_is_not_too_late(registry, alice, phone):
    registry.change(alice.account, alice, phone)
    registry.world.travel(registry.world.time() + 40 * SIGNER_DELAY)
    registry.contract.executeSignerChange(alice.account, {"from": registry.world.mallory})
    assert registry.signer(alice.account) == phone.signer


def test_verifier_that_is_gone__reverts(registry, alice, phone):
    """A verifier's address may be a delegated wallet's, whose code can be taken away again."""
    registry.change(alice.account, alice, phone)
    registry.wait()
    registry.world.set_code(registry.verifier, "0x")
    with refused("VerifierHasNoCode", registry.verifier):
        registry.contract.executeSignerChange(alice.account, {"from": registry.world.relayer})
    assert registry.signs(alice, alice.account)
    registry.cancel(alice.account, alice)
