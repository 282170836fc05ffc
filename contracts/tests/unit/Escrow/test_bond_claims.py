"""A remedy that the bond lacks: stored, first in line, and posting is closed until it is paid."""

import pytest
from world import TOKEN, refused

CLAIMANTS = [f"claimant {number}" for number in range(11)]


@pytest.fixture
def poor(world):
    """A bond of 5."""
    world.empty_bond(5 * TOKEN)
    return world


def pay(world, name: str, due: int):
    prover = world.acting(world.recomputation)
    return world.escrow.payRemedy(world.key(), 0, world[name], due, {"from": prover})


def claims(world) -> list[int]:
    """Amount outstanding and number of claims."""
    return [int(value) for value in world.escrow.bondClaims()]


def test_what_the_bond_lacks_is_stored(poor):
    tx = pay(poor, "alice", 8 * TOKEN)
    assert tx.return_value == 8 * TOKEN
    assert tx.events["BondClaimStored"] == {
        "account": poor["alice"], "amount": 3 * TOKEN, "outstanding": 3 * TOKEN,
    }  # fmt: skip
    assert (poor.free("alice"), poor.escrow.bond()) == (505 * TOKEN, 0)
    assert claims(poor) == [3 * TOKEN, 1]
    poor.assert_backed("alice", "bob")


def test_top_up_pays_the_oldest_first(poor):
    pay(poor, "alice", 8 * TOKEN)
    pay(poor, "bob", 2 * TOKEN)
    assert claims(poor) == [5 * TOKEN, 2]
    tx = poor.escrow.topUpBond(4 * TOKEN, {"from": poor.admin})
    paid = [(e["account"], int(e["amount"]), int(e["outstanding"])) for e in tx.events["BondClaimPaid"]]
    assert paid == [(poor["alice"], 3 * TOKEN, 2 * TOKEN), (poor["bob"], TOKEN, TOKEN)]
    assert (poor.free("alice"), poor.free("bob"), poor.escrow.bond()) == (508 * TOKEN, 501 * TOKEN, 0)
    assert claims(poor) == [TOKEN, 1]
    poor.escrow.topUpBond(4 * TOKEN, {"from": poor.admin})
    assert (poor.free("bob"), poor.escrow.bond()) == (502 * TOKEN, 3 * TOKEN)
    assert claims(poor) == [0, 0]
    poor.assert_backed("alice", "bob")


def test_later_remedy_waits_behind_stored_ones(poor):
    """Eleven claims wait; a top-up that carries twelve serves eight of them. What is proven then comes last."""
    poor.empty_bond()
    for name in CLAIMANTS:
        pay(poor, name, TOKEN)
    poor.escrow.topUpBond(12 * TOKEN, {"from": poor.admin})
    assert claims(poor) == [3 * TOKEN, 3]
    assert poor.escrow.bond() == 4 * TOKEN
    pay(poor, "bob", TOKEN)
    assert poor.free("bob") == 500 * TOKEN
    poor.escrow.pause({"from": poor.guardian})
    poor.escrow.payBondClaims(2, {"from": poor.mallory})
    assert claims(poor) == [2 * TOKEN, 2]
    poor.escrow.payBondClaims(9, {"from": poor.mallory})
    assert claims(poor) == [0, 0]
    assert (poor.free("bob"), poor.escrow.bond()) == (501 * TOKEN, 0)
    poor.assert_backed("alice", "bob", *CLAIMANTS)


def test_nothing_to_pay_changes_nothing(poor):
    assert "BondClaimPaid" not in poor.escrow.payBondClaims(5, {"from": poor.mallory}).events
    pay(poor, "alice", 8 * TOKEN)
    assert "BondClaimPaid" not in poor.escrow.payBondClaims(5, {"from": poor.mallory}).events
    assert claims(poor) == [3 * TOKEN, 1]


def test_posting_and_withdrawing_the_bond_are_closed_meanwhile(world):
    first = {"alice": -TOKEN}
    world.fund("supplier", 10 * TOKEN)
    world.post(first)
    world.travel(world.time() + 86_400)
    world.empty_bond(5 * TOKEN)
    pay(world, "bob", 8 * TOKEN)
    with refused("BondClaimsOpen", 3 * TOKEN):
        world.post({}, day=world.today, pointCount=0)
    with refused("BondClaimsOpen", 3 * TOKEN):
        world.correct(first, first)
    with refused("BondClaimsOpen", 3 * TOKEN):
        world.escrow.withdrawBond(world.admin, 0, {"from": world.admin})
    world.escrow.topUpBond(4 * TOKEN, {"from": world.admin})
    world.correct(first, first)


def test_no_exit_is_closed_meanwhile(poor):
    pay(poor, "bob", 8 * TOKEN)
    poor.fund("alice", TOKEN)
    poor.request("alice", 501 * TOKEN)
    poor.travel(poor.time() + 2 * 86_400)
    poor.escrow.executeWithdrawal(poor["alice"], 0, {"from": poor.mallory})
    assert poor.token.balanceOf(poor["alice"]) == 501 * TOKEN
    poor.assert_backed("alice", "bob")
