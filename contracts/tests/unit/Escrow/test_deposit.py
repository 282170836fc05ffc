import pytest
from brownie import ZERO_ADDRESS
from world import TOKEN, refused


def test_deposit_is_the_accounts_money(world):
    tx = world.escrow.deposit(world["carol"], 3 * TOKEN, {"from": world.admin})
    assert world.free("carol") == 3 * TOKEN
    event = {"account": world["carol"], "payer": world.admin, "amount": 3 * TOKEN}
    assert tx.events["Deposited"] == event
    world.assert_backed("alice", "bob", "carol")


def test_deposit_pays_an_outstanding_receivable_first(world):
    """Dora signed for 100 a day and deposited nothing: the supplier waits for her 60."""
    world.register("dora", 100 * TOKEN, world.today - 1, world.today + 9)
    world.post({"dora": -60 * TOKEN})
    assert world.escrow.receivableOf(world["dora"]) == 60 * TOKEN
    before = world.free("supplier")

    tx = world.escrow.deposit(world["dora"], 100 * TOKEN, {"from": world.admin})
    assert tx.events["ReceivableCollected"] == {"account": world["dora"], "amount": 60 * TOKEN, "total": 0}
    assert (world.free("dora"), world.free("supplier") - before) == (40 * TOKEN, 60 * TOKEN)
    world.assert_backed("alice", "bob", "dora")


def test_nothing_or_nobody__reverts(world):
    with refused("ZeroAmount"):
        world.escrow.deposit(world["carol"], 0, {"from": world.admin})
    with refused("AccountInvalid"):
        world.escrow.deposit(ZERO_ADDRESS, 1, {"from": world.admin})


def test_more_than_the_payer_has__reverts(world):
    world.token.approve(world.escrow, 5, {"from": world.mallory})
    with refused("ERC20InsufficientBalance", world.mallory, 0, 5):
        world.escrow.deposit(world["carol"], 5, {"from": world.mallory})
    with refused("ERC20InsufficientAllowance", world.escrow, 5, 6):
        world.escrow.deposit(world["carol"], 6, {"from": world.mallory})


def test_paused__reverts(world):
    world.escrow.pause({"from": world.guardian})
    with refused("EscrowPaused"):
        world.escrow.deposit(world["carol"], 1, {"from": world.admin})


def test_more_than_the_ledger_counts__reverts(world):
    held = world.escrow.totalLiabilities()
    with refused("LiabilitiesTooLarge", 2**95, 2**95 - 1):
        world.escrow.deposit(world["carol"], 2**95 - held, {"from": world.admin})


@pytest.mark.parametrize("caller", ["alice", "bob"])
def test_donated_tokens_belong_to_nobody(world, caller):
    world.token.transfer(world.escrow, 5, {"from": world.admin})
    world.fund(caller, 7)
    assert world.token.balanceOf(world.escrow) == world.escrow.totalLiabilities() + 5
