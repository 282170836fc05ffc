"""reserveBond and releaseBond: what open cases keep of the bond."""

import pytest
from world import TOKEN, refused

BOND = 1_000_000 * TOKEN


@pytest.fixture
def cases(world):
    return world.acting(world.disputes)


def test_reserve_is_not_free(world, cases):
    tx = world.escrow.reserveBond(30 * TOKEN, {"from": cases})
    assert tx.events["BondReserved"] == {"amount": 30 * TOKEN, "reserved": 30 * TOKEN}
    world.escrow.reserveBond(5 * TOKEN, {"from": cases})
    assert world.escrow.reservedBond() == 35 * TOKEN
    assert (world.escrow.bond(), world.escrow.freeBond()) == (BOND, BOND - 35 * TOKEN)
    tx = world.escrow.releaseBond(30 * TOKEN, {"from": cases})
    assert tx.events["BondReleased"] == {"amount": 30 * TOKEN, "reserved": 5 * TOKEN}
    assert world.escrow.freeBond() == BOND - 5 * TOKEN


def test_reserve_covers_no_run(world, cases):
    world.escrow.reserveBond(BOND - 10, {"from": cases})
    with refused("BondTooSmall", 11, 10):
        world.post({"alice": -11})
    world.post({"alice": -10})


def test_reserve_is_not_withdrawn(world, cases):
    world.post({"alice": -30 * TOKEN})
    world.escrow.reserveBond(7 * TOKEN, {"from": cases})
    with refused("BondInUse", 37 * TOKEN - 1, 37 * TOKEN):
        world.escrow.withdrawBond(world.admin, BOND - 37 * TOKEN + 1, {"from": world.admin})
    world.escrow.withdrawBond(world.admin, BOND - 37 * TOKEN, {"from": world.admin})


def test_case_opens_even_when_the_bond_is_empty(world, cases):
    world.empty_bond(3)
    world.escrow.reserveBond(10, {"from": cases})
    assert (world.escrow.reservedBond(), world.escrow.freeBond()) == (10, 0)


def test_release_beyond_the_reserve__reverts(world, cases):
    world.escrow.reserveBond(10, {"from": cases})
    with refused("ReserveTooSmall", 11, 10):
        world.escrow.releaseBond(11, {"from": cases})


def test_pause_does_not_stop_it(world, cases):
    world.escrow.pause({"from": world.guardian})
    world.escrow.reserveBond(10, {"from": cases})
    world.escrow.releaseBond(10, {"from": cases})


@pytest.mark.parametrize("function", ["reserveBond", "releaseBond"])
def test_stranger__reverts(world, function):
    for caller in (world.mallory, world.admin, world.acting(world.recomputation)):
        with refused("NotDisputing", caller):
            getattr(world.escrow, function)(0, {"from": caller})
