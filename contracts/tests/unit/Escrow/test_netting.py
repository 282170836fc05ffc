"""A remedy and the correction that follows from it, in either order, are one payment."""

import pytest
from world import TOKEN, moves, refused

FIRST = {"alice": -30 * TOKEN, "bob": 12 * TOKEN}
BOND = 1_000_000 * TOKEN


@pytest.fixture
def posted(world):
    world.fund("supplier", 100 * TOKEN)
    world.post(FIRST)
    return world


def pay(world, due: int, sequence: int = 0, name: str = "bob"):
    return world.escrow.payRemedy(world.key(), sequence, world[name], due, {"from": world.acting(world.recomputation)})


def paid(world, name: str = "bob") -> int:
    return int(world.escrow.remedyOf(world.key(), world[name]))


def test_correction_returns_to_the_bond_what_it_had_paid(posted):
    """Bob's row was 10 short and the bond paid it. The correction raises his row by 12: 10 return, 2 are his."""
    pay(posted, 10 * TOKEN)
    tx = posted.correct({**FIRST, "bob": 24 * TOKEN}, FIRST)
    netted = tx.events["RemedyNetted"]
    assert (netted["account"], int(netted["amount"]), int(netted["paid"])) == (posted["bob"], 10 * TOKEN, 0)
    assert moves(tx) == {posted["bob"]: 2 * TOKEN, posted["supplier"]: -12 * TOKEN}
    assert (posted.free("bob"), posted.escrow.bond(), paid(posted)) == (524 * TOKEN, BOND, 0)
    posted.assert_backed("alice", "bob")


def test_correction_that_gives_less_leaves_the_rest_in_the_ledger(posted):
    """10 were paid and the correction raises the row by 4: what is proven about it counts against the other 6."""
    pay(posted, 10 * TOKEN)
    tx = posted.correct({**FIRST, "bob": 16 * TOKEN}, FIRST)
    assert moves(tx) == {posted["supplier"]: -4 * TOKEN}
    assert (posted.free("bob"), posted.escrow.bond(), paid(posted)) == (522 * TOKEN, BOND - 6 * TOKEN, 6 * TOKEN)
    assert pay(posted, 7 * TOKEN, sequence=1).return_value == TOKEN


def test_default_that_a_correction_nets_is_carried_no_longer(posted):
    posted.escrow.payDefault(posted.key(), 0, posted["bob"], 10 * TOKEN, {"from": posted.acting(posted.disputes)})
    posted.correct({**FIRST, "bob": 19 * TOKEN}, FIRST)
    assert paid(posted) == 3 * TOKEN
    assert pay(posted, 5 * TOKEN).return_value == 2 * TOKEN


def test_debtor_gets_the_same_in_either_order(posted):
    """Alice owed 30 where 18 were right: the bond pays 12 and gets them back, or the correction pays them itself."""
    pay(posted, 12 * TOKEN, name="alice")
    posted.correct({**FIRST, "alice": -18 * TOKEN}, FIRST)
    assert (posted.free("alice"), posted.escrow.bond()) == (482 * TOKEN, BOND)


def test_correction_first_pays_it_and_nothing_is_left_to_net(posted):
    posted.correct({**FIRST, "alice": -18 * TOKEN}, FIRST)
    assert (posted.free("alice"), posted.escrow.bond(), paid(posted, "alice")) == (482 * TOKEN, BOND, 0)


def test_correction_against_the_account_takes_no_remedy_back(posted):
    """Bob was paid 10 by proof; a correction that lowers his row debits him that, and the ledger keeps the 10."""
    pay(posted, 10 * TOKEN)
    tx = posted.correct({**FIRST, "bob": 9 * TOKEN}, FIRST)
    assert "RemedyNetted" not in tx.events
    assert (posted.free("bob"), paid(posted)) == (519 * TOKEN, 10 * TOKEN)


def test_other_days_and_zones_are_not_netted(posted):
    other = posted.key(zone=b"\x05" * 32)
    posted.escrow.payRemedy(other, 0, posted["bob"], 10 * TOKEN, {"from": posted.acting(posted.recomputation)})
    posted.correct({**FIRST, "bob": 24 * TOKEN}, FIRST)
    assert (posted.free("bob"), posted.escrow.remedyOf(other, posted["bob"])) == (534 * TOKEN, 10 * TOKEN)
    assert posted.key() != other


def test_supplier_without_money_owes_the_bond(posted):
    """The supplier cannot pay the correction: the bond waits, behind members and before balancing and fee."""
    pay(posted, 10 * TOKEN)
    posted.request("supplier", posted.free("supplier"))
    posted.travel(posted.time() + 2 * 86_400)
    posted.escrow.executeWithdrawal(posted["supplier"], 0, {"from": posted.mallory})
    tx = posted.correct({**FIRST, "bob": 25 * TOKEN}, FIRST)
    carried = tx.events["ShortfallCarried"]
    assert (int(carried["byBond"]), int(carried["byMembers"])) == (10 * TOKEN, 3 * TOKEN)
    assert (posted.free("bob"), posted.escrow.bond(), paid(posted)) == (522 * TOKEN, BOND - 10 * TOKEN, 0)
    assert posted.escrow.owedTo(posted.escrow) == 10 * TOKEN
    posted.assert_backed("alice", "bob")
    posted.fund("supplier", 5 * TOKEN)
    assert (posted.free("bob"), posted.escrow.bond()) == (525 * TOKEN, BOND - 8 * TOKEN)
    posted.fund("supplier", 20 * TOKEN)
    assert (posted.free("supplier"), posted.escrow.bond()) == (12 * TOKEN, BOND)
    assert posted.escrow.owedTo(posted.escrow) == 0
    posted.assert_backed("alice", "bob")


def test_initial_run_nets_nothing(world):
    """A day not posted was paid for by default. Its run can no longer come; should one, it would pay in full."""
    world.fund("supplier", 100 * TOKEN)
    world.escrow.payDefault(world.key(), 0, world["bob"], 5 * TOKEN, {"from": world.acting(world.disputes)})
    tx = world.post(FIRST)
    assert "RemedyNetted" not in tx.events
    until = world.today * 86_400 + 86_400
    world.next_at(until + 1)
    with refused("PostingTooLate", until, until + 1):
        world.post(FIRST, zone=b"\x05" * 32)
