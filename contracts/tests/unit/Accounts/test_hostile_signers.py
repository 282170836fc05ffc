"""Contracts that are asked about signatures: wallets (ERC-1271) and verifiers (ERC-7913) that behave badly."""

import pytest
from eth_utils import keccak
from signers import Key, rejected
from world import TOKEN

DIGEST = keccak(text="message")
HONEST, SHORT, WRONG_MAGIC, DIRTY_MAGIC, EMPTY, REVERT, BURN, REENTER = range(8)


@pytest.fixture
def hostile(world, project):
    return project.HostileSigner.deploy({"from": world.admin})


@pytest.fixture(params=["wallet", "verifier"])
def account(request, registry, hostile) -> str:
    """An account that the contract signs for, in one way or the other."""
    if request.param == "wallet":
        return hostile.address
    key = Key(hostile.address, "any")
    registry.contract.enrol(key.signer, {"from": registry.world.relayer})
    return key.account


def test_right_answer_is_taken(registry, hostile, account):
    assert registry.contract.isValidSignature(account, DIGEST, b"")


@pytest.mark.parametrize("manner", [SHORT, WRONG_MAGIC, DIRTY_MAGIC, EMPTY, REVERT, BURN, REENTER])
def test_anything_else_is_no_signature(registry, hostile, account, manner):
    """One of four bytes too few or one bit too many is no answer; nothing can be changed on the way."""
    hostile.behave(manner, {"from": registry.world.admin})
    assert not registry.contract.isValidSignature(account, DIGEST, b"")
    assert hostile.visits() == 0


def test_answer_counts_when_it_is_given(registry, hostile, account):
    """A contract may change its mind: it is asked each time."""
    registry.delegate(account, AsTold(), registry.world["adviser"], 2**64 - 1)
    hostile.behave(WRONG_MAGIC, {"from": registry.world.admin})
    with rejected("SignatureInvalid"):
        registry.delegate(account, AsTold(), registry.world["adviser"], 0)
    assert registry.contract.isDelegate(account, registry.world["adviser"])


def test_burning_gas_harms_nobody_else(registry, hostile, account):
    """The relayer who carries its messages loses the gas; a run with the account in it never asks."""
    world = registry.world
    world.escrow.deposit(account, 100 * TOKEN, {"from": world.admin})
    hostile.behave(BURN, {"from": world.admin})
    message = registry.message("Delegation", account, world["adviser"], 2**64 - 1)
    arguments = registry.arguments("Delegation", message, AsTold())
    with rejected("SignatureInvalid"):
        registry.contract.setDelegation.call(*arguments, {"from": world.relayer, "gas_limit": 3_000_000})
    world.request("alice", TOKEN)
    assert world.escrow.balanceOf(account) == 100 * TOKEN


def test_new_signer_that_does_not_answer__reverts(registry, hostile, alice):
    key = Key(hostile.address, "any")
    for manner in (SHORT, WRONG_MAGIC, EMPTY, REVERT, REENTER):
        hostile.behave(manner, {"from": registry.world.admin})
        with rejected("NewSignerInvalid"):
            registry.change(alice.account, alice, key)


class AsTold:
    """Signs nothing; the contract is asked anyway."""

    def sign(self, digest: bytes) -> bytes:
        return b""
