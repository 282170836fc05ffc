"""setDelegation, delegatedUntil and isDelegate."""

from brownie import ZERO_ADDRESS
from signers import rejected
from world import DAY, refused


def test_delegate_may_dispute_until_then(registry, alice):
    world = registry.world
    adviser, until = world["adviser"], world.time() + DAY
    tx = registry.delegate(alice.account, alice, adviser, until)
    assert tx.events["DelegationSet"] == {"account": alice.account, "delegate": adviser, "until": until}
    assert registry.contract.delegatedUntil(alice.account, adviser) == until
    world.travel(until - 1)
    assert registry.contract.isDelegate(alice.account, adviser)
    world.travel(until)
    assert not registry.contract.isDelegate(alice.account, adviser)


def test_it_is_for_one_account_and_one_delegate(registry, alice):
    world = registry.world
    registry.delegate(alice.account, alice, world["adviser"], 2**64 - 1)
    assert not registry.contract.isDelegate(world["bob"], world["adviser"])
    assert not registry.contract.isDelegate(alice.account, world["mallory"])
    assert not registry.contract.isDelegate(world["adviser"], alice.account)


def test_zero_revokes(registry, alice):
    adviser = registry.world["adviser"]
    registry.delegate(alice.account, alice, adviser, 2**64 - 1)
    tx = registry.delegate(alice.account, alice, adviser, 0)
    assert tx.events["DelegationSet"]["until"] == 0
    assert not registry.contract.isDelegate(alice.account, adviser)


def test_delegate_signs_nothing(registry, alice):
    adviser = registry.wallet("adviser")
    registry.delegate(alice.account, alice, adviser.account, 2**64 - 1)
    assert not registry.signs(adviser, alice.account)
    with rejected("SignatureInvalid"):
        registry.delegate(alice.account, adviser, registry.world["mallory"], 2**64 - 1)


def test_it_ends_with_the_signer_that_gave_it(registry, alice, phone):
    adviser = registry.world["adviser"]
    registry.delegate(alice.account, alice, adviser, 2**64 - 1)
    registry.succeed(alice.account, alice, phone)
    assert not registry.contract.isDelegate(alice.account, adviser)
    assert registry.contract.delegatedUntil(alice.account, adviser) == 0
    registry.delegate(alice.account, phone, adviser, 2**64 - 1)
    assert registry.contract.isDelegate(alice.account, adviser)
    registry.succeed(alice.account, phone, alice)
    assert not registry.contract.isDelegate(alice.account, adviser)


def test_wallet_disputes_for_what_it_signs_for(registry, alice, phone):
    """The id of an account may be the address of a wallet that another signer has replaced."""
    bob = registry.wallet("bob")
    assert registry.contract.isDelegate(alice.account, alice.account)
    registry.succeed(alice.account, alice, bob)
    assert registry.contract.isDelegate(alice.account, bob.account)
    assert not registry.contract.isDelegate(alice.account, alice.account)
    registry.succeed(alice.account, bob, phone)
    for nobody in (alice.account, bob.account, phone.account, registry.verifier, ZERO_ADDRESS):
        assert not registry.contract.isDelegate(alice.account, nobody)


def test_nobody_or_the_account_itself__reverts(registry, alice):
    for delegate in (ZERO_ADDRESS, alice.account):
        with refused("DelegateInvalid", delegate):
            registry.delegate(alice.account, alice, delegate, 2**64 - 1)


def test_over_already__reverts(registry, alice):
    world = registry.world
    for until in (1, world.time()):
        message = registry.message("Delegation", alice.account, world["adviser"], until)
        at = world.time() + 5
        world.next_at(at)
        with refused("DelegationOver", until, at):
            registry.send("Delegation", message, alice)


def test_strangers_signature__reverts(registry, alice):
    with rejected("SignatureInvalid"):
        registry.delegate(alice.account, registry.wallet("mallory"), registry.world["mallory"], 2**64 - 1)
