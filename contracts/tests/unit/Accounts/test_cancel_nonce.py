"""cancelNonce, as every contract with signed messages has it; Escrow's is used where there is something to void."""

import pytest
from signers import Registry, rejected
from world import TOKEN, refused


@pytest.fixture(params=["accounts", "escrow", "recomputation", "disputes"])
def taker(request, registry) -> Registry:
    """A contract that takes signed messages."""
    return Registry(registry.world, registry.verifier, getattr(registry.world, request.param))


def test_nonce_is_spent_on_nothing(taker, alice):
    message = taker.message("NonceCancel", alice.account)
    tx = taker.send("NonceCancel", message, alice)
    assert tx.events["NonceCancelled"] == {"account": alice.account, "nonce": message["nonce"]}
    assert tx.events["NonceUsed"] == {"account": alice.account, "nonce": message["nonce"]}
    assert taker.contract.nonceUsed(alice.account, message["nonce"])
    assert not taker.contract.nonceUsed(taker.world["bob"], message["nonce"])


@pytest.mark.parametrize("nonce", [0, 255, 256, 2**256 - 1])
def test_any_number_is_a_nonce(taker, nonce):
    carol = taker.wallet("carol")
    message = {**taker.message("NonceCancel", carol.account), "nonce": nonce}
    taker.send("NonceCancel", message, carol)
    neighbours = [number for number in (nonce - 1, nonce + 1) if 0 <= number < 2**256]
    assert taker.contract.nonceUsed(carol.account, nonce)
    assert not any(taker.contract.nonceUsed(carol.account, number) for number in neighbours)


def test_twice__reverts(taker, alice):
    message = taker.message("NonceCancel", alice.account)
    taker.send("NonceCancel", message, alice)
    with refused("NonceAlreadyUsed", alice.account, message["nonce"]):
        taker.send("NonceCancel", message, alice)


def test_strangers_signature__reverts(taker, alice):
    message = taker.message("NonceCancel", alice.account)
    with rejected("SignatureInvalid"):
        taker.send("NonceCancel", message, taker.wallet("mallory"))
    assert not taker.contract.nonceUsed(alice.account, message["nonce"])


def test_after_its_deadline__reverts(taker, alice):
    message = taker.message("NonceCancel", alice.account)
    taker.world.next_at(message["deadline"] + 1)
    with refused("SignatureExpired", message["deadline"], message["deadline"] + 1):
        taker.send("NonceCancel", message, alice)


def test_a_withdrawal_that_was_not_relayed_never_is(registry, alice):
    world = registry.world
    held_back = world.withdrawal("alice", world["alice"], TOKEN)
    escrow = Registry(world, registry.verifier, world.escrow)
    message = {**escrow.message("NonceCancel", alice.account), "nonce": held_back[3]}
    escrow.send("NonceCancel", message, alice)
    with refused("NonceAlreadyUsed", alice.account, held_back[3]):
        world.escrow.requestWithdrawal(*held_back, {"from": world.mallory})


def test_a_change_of_signer_that_was_not_relayed_never_is(registry, alice, phone):
    message = registry.message("SignerChange", alice.account, phone.signer)
    void = {**registry.message("NonceCancel", alice.account), "nonce": message["nonce"]}
    registry.send("NonceCancel", void, alice)
    with refused("NonceAlreadyUsed", alice.account, message["nonce"]):
        registry.send("SignerChange", message, alice, phone)


def test_one_contracts_is_not_anothers(registry, alice):
    """A nonce is spent where its message goes."""
    world = registry.world
    message = registry.message("NonceCancel", alice.account)
    arguments = registry.arguments("NonceCancel", message, alice)
    with rejected("SignatureInvalid"):
        world.escrow.cancelNonce(*arguments, {"from": world.mallory})
    registry.send("NonceCancel", message, alice)
    assert not world.escrow.nonceUsed(alice.account, message["nonce"])
