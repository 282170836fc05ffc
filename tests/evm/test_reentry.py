"""A token that holds every role finds no way back into the escrow either: the guard does not rely on who calls."""

import pytest

from tests.evm.chain import Reverted
from tests.evm.reentry import ENTRIES, TRIGGERS, entry_call, refused_anyhow
from tests.evm.world import TOKEN, World, build, members

PRIVILEGED = tuple(entry for entry in ENTRIES if refused_anyhow(entry))


@pytest.fixture(scope="module")
def community() -> World:
    made = build(token="HostileToken", token_rules=True)
    members(made, "alice")
    return made


@pytest.mark.parametrize("trigger", TRIGGERS)
@pytest.mark.parametrize("entry", PRIVILEGED)
def test_no_role_lets_a_token_back_in(world: World, trigger: str, entry: str) -> None:
    index = world.request("alice", 10).answer
    world.chain.travel(world.chain.time + world.terms.withdrawal_delay)
    args = {
        "deposit": (world["alice"], 10),
        "topUpBond": (TOKEN,),
        "executeWithdrawal": (world["alice"], index),
        "withdrawBond": (world["admin"], 10),
    }[trigger]
    world.token.send("callBack", world.escrow.address, entry_call(world, entry), sender=world["admin"])
    with pytest.raises(Reverted) as refused:
        world.escrow.send(trigger, *args, sender=world["admin"])
    assert refused.value.name == "ReentrancyGuardReentrantCall"
