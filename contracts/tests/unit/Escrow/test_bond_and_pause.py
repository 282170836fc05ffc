"""topUpBond, withdrawBond, pause and unpause."""

import pytest
from brownie import ZERO_ADDRESS
from world import CHALLENGE_WINDOW, TOKEN, refused

BOND = 1_000_000 * TOKEN


def test_anyone_tops_up(world):
    world.token.mint(world.mallory, 5, {"from": world.admin})
    world.token.approve(world.escrow, 5, {"from": world.mallory})
    tx = world.escrow.topUpBond(5, {"from": world.mallory})
    assert tx.events["BondToppedUp"] == {"payer": world.mallory, "amount": 5, "bond": BOND + 5}
    assert world.escrow.bond() == BOND + 5
    world.assert_backed("alice", "bob")


def test_admin_takes_what_no_open_run_requires(world):
    world.post({"alice": -30 * TOKEN, "bob": 20 * TOKEN})
    assert world.settlement.requiredBond() == 50 * TOKEN
    with refused("BondInUse", 50 * TOKEN - 1, 50 * TOKEN):
        world.escrow.withdrawBond(world.admin, BOND - 50 * TOKEN + 1, {"from": world.admin})
    tx = world.escrow.withdrawBond(world.admin, BOND - 50 * TOKEN, {"from": world.admin})
    event = {"to": world.admin, "amount": BOND - 50 * TOKEN, "bond": 50 * TOKEN}
    assert tx.events["BondWithdrawn"] == event
    world.assert_backed("alice", "bob")
    world.travel(world.time() + CHALLENGE_WINDOW)
    world.escrow.withdrawBond(world.admin, 50 * TOKEN, {"from": world.admin})
    assert world.escrow.bond() == 0


def test_bond_bad_arguments__revert(world):
    with refused("ZeroAmount"):
        world.escrow.topUpBond(0, {"from": world.admin})
    with refused("InsufficientBalance", world.escrow, BOND + 1, BOND):
        world.escrow.withdrawBond(world.admin, BOND + 1, {"from": world.admin})
    with refused("ReceiverInvalid", ZERO_ADDRESS):
        world.escrow.withdrawBond(ZERO_ADDRESS, 1, {"from": world.admin})


def test_pause_and_unpause(world):
    tx = world.escrow.pause({"from": world.guardian})
    assert tx.events["Paused"] == {"by": world.guardian}
    assert world.escrow.paused()
    with refused("EscrowPaused"):
        world.escrow.pause({"from": world.guardian})
    tx = world.escrow.unpause({"from": world.guardian})
    assert tx.events["Unpaused"] == {"by": world.guardian}
    assert not world.escrow.paused()
    with refused("EscrowNotPaused"):
        world.escrow.unpause({"from": world.guardian})


def test_pause_stops_runs_and_no_exit(world):
    world.escrow.pause({"from": world.guardian})
    with refused("EscrowPaused"):
        world.post({"alice": -TOKEN})
    world.end_mandate("alice", 0, world.today + 1)
    world.register("carol", TOKEN, world.today, world.today + 1)
    world.request("alice", TOKEN)
    world.cancel("alice", 0)


@pytest.mark.parametrize("function", ["pause", "unpause"])
def test_stranger_to_the_guardian__reverts(world, function):
    for caller in (world.mallory, world.poster, world.admin):
        with refused("AccessManagedUnauthorized", caller):
            getattr(world.escrow, function)({"from": caller})


def test_stranger_to_the_bond__reverts(world):
    for caller in (world.mallory, world.guardian):
        with refused("AccessManagedUnauthorized", caller):
            world.escrow.withdrawBond(caller, 1, {"from": caller})
