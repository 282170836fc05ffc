"""takeDeposit and returnDeposit: what a demand holds and always gives back."""

import pytest
from world import TOKEN, refused


@pytest.fixture
def cases(world):
    return world.acting(world.disputes)


def test_deposit_is_held_and_given_back(world, cases):
    tx = world.escrow.takeDeposit(world["alice"], 20 * TOKEN, {"from": cases})
    assert tx.events["ClaimDepositTaken"] == {"account": world["alice"], "amount": 20 * TOKEN}
    assert (world.free("alice"), world.escrow.depositsHeld()) == (480 * TOKEN, 20 * TOKEN)
    world.assert_backed("alice", "bob")
    tx = world.escrow.returnDeposit(world["alice"], 20 * TOKEN, {"from": cases})
    assert tx.events["ClaimDepositReturned"] == {"account": world["alice"], "amount": 20 * TOKEN}
    assert (world.free("alice"), world.escrow.depositsHeld()) == (500 * TOKEN, 0)
    world.assert_backed("alice", "bob")


def test_no_debit_reaches_a_deposit_but_what_returns_pays_receivables(world, cases):
    world.register("dora", 100 * TOKEN, world.today - 1, world.today + 1)
    world.fund("dora", 20 * TOKEN)
    world.escrow.takeDeposit(world["dora"], 20 * TOKEN, {"from": cases})
    world.post({"dora": -6 * TOKEN})
    assert world.escrow.receivableOf(world["dora"]) == 6 * TOKEN
    world.escrow.returnDeposit(world["dora"], 20 * TOKEN, {"from": cases})
    assert (world.free("dora"), world.escrow.receivableOf(world["dora"])) == (14 * TOKEN, 0)
    world.assert_backed("alice", "bob", "dora")


def test_requested_money_is_no_deposit(world, cases):
    world.request("alice", 495 * TOKEN)
    with refused("InsufficientBalance", world["alice"], 6 * TOKEN, 5 * TOKEN):
        world.escrow.takeDeposit(world["alice"], 6 * TOKEN, {"from": cases})
    world.escrow.takeDeposit(world["alice"], 5 * TOKEN, {"from": cases})


def test_more_than_is_held__reverts(world, cases):
    world.escrow.takeDeposit(world["alice"], 5, {"from": cases})
    with refused("DepositsTooSmall", 6, 5):
        world.escrow.returnDeposit(world["alice"], 6, {"from": cases})


def test_pause_does_not_stop_it(world, cases):
    world.escrow.pause({"from": world.guardian})
    world.escrow.takeDeposit(world["alice"], 5, {"from": cases})
    world.escrow.returnDeposit(world["alice"], 5, {"from": cases})


@pytest.mark.parametrize("function", ["takeDeposit", "returnDeposit"])
def test_stranger__reverts(world, function):
    for caller in (world.mallory, world.admin, world.acting(world.recomputation)):
        with refused("NotDisputing", caller):
            getattr(world.escrow, function)(world["alice"], 0, {"from": caller})
