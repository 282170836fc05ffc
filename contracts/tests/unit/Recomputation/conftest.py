"""Who sends claims: an account itself, another one, or a delegate."""

import pytest
from brownie import accounts


@pytest.fixture
def member(world):
    """Alice as a sender of transactions."""
    return accounts.add(world.person("alice").key)


@pytest.fixture
def other_member(world):
    """Bob as one."""
    return accounts.add(world.person("bob").key)


@pytest.fixture
def delegate(world):
    """Somebody whom Alice lets dispute for her."""
    nonce, deadline = world.fresh()
    message = {
        "account": world["alice"],
        "delegate": str(world.relayer),
        "until": deadline + 10 * 86_400,
        "nonce": nonce,
        "deadline": deadline,
    }
    domain = {**world.domain, "verifyingContract": world.accounts.address}
    signature = world.sign("alice", "Delegation", message, domain)
    world.accounts.setDelegation(*message.values(), signature, {"from": world.mallory})
    return world.relayer
