"""The deployment script's result: who may do what, and how long it takes the admin to do it."""

import pytest
from brownie.exceptions import VirtualMachineError
from conftest import BOND, build_world
from world import DAY, TOKEN


def test_addresses_name_every_contract(world):
    assert world.escrow.settlement() == world.settlement
    assert world.settlement.escrow() == world.escrow
    assert world.settlement.recordAnchor() == world.anchor
    assert (world.escrow.token(), world.escrow.accounts()) == (world.token, world.accounts)
    assert [world.escrow.supplier(), world.escrow.fee()] == [world["supplier"], world["fee"]]
    assert [world.escrow.dust(), world.escrow.balancingAccount()] == [world["dust"], world["balancing"]]


def test_admin_acts_only_after_the_announced_delay(accounts, project, world):
    slow = build_world(accounts, project, admin_delay=5 * DAY)
    call = slow.escrow.withdrawBond.encode_input(slow.admin, TOKEN)
    with pytest.raises(VirtualMachineError, match="AccessManagerNotScheduled"):
        slow.escrow.withdrawBond(slow.admin, TOKEN, {"from": slow.admin})
    slow.manager.schedule(slow.escrow, call, 0, {"from": slow.admin})
    slow.travel(slow.time() + 5 * DAY - 60)
    with pytest.raises(VirtualMachineError, match="AccessManagerNotReady"):
        slow.escrow.withdrawBond(slow.admin, TOKEN, {"from": slow.admin})
    slow.travel(slow.time() + 120)
    slow.escrow.withdrawBond(slow.admin, TOKEN, {"from": slow.admin})
    assert slow.escrow.bond() == BOND - TOKEN


def test_no_role_reaches_money_or_applies_runs(world):
    """The admin may hand himself every role and still not move a member's balance."""
    for role in range(1, 7):
        world.manager.grantRole(role, world.admin, 0, {"from": world.admin})
    world.manager.setTargetFunctionRole(world.escrow, [world.escrow.applyRun.signature], 0, {"from": world.admin})
    with pytest.raises(VirtualMachineError, match="NotSettlement"):
        world.escrow.applyRun(b"\x00" * 32, 0, 0, 1, world.rows({"alice": -TOKEN}), [], {"from": world.admin})
    assert world.free("alice") == 500 * TOKEN
