"""What a proof pays, and how it counts against later ones."""

import pytest
from world import TOKEN, refused

BOND = 1_000_000 * TOKEN


@pytest.fixture
def prover(world):
    return world.acting(world.recomputation)


def pay(world, prover, due: int, sequence: int = 0, name: str = "alice"):
    return world.escrow.payRemedy(world.key(), sequence, world[name], due, {"from": prover})


def test_bond_pays_at_once(world, prover):
    tx = pay(world, prover, 7 * TOKEN)
    assert tx.return_value == 7 * TOKEN
    event = tx.events["RemedyPaid"]
    assert (event["account"], event["sequence"]) == (world["alice"], 0)
    assert [int(event[name]) for name in ("amount", "paid", "carried")] == [7 * TOKEN, 7 * TOKEN, 0]
    assert "BondClaimStored" not in tx.events
    assert world.free("alice") == 507 * TOKEN
    assert world.escrow.bond() == BOND - 7 * TOKEN
    assert world.escrow.remedyOf(world.key(), world["alice"]) == 7 * TOKEN
    assert world.escrow.remedyOf(world.key(day=1), world["alice"]) == 0
    world.assert_backed("alice", "bob")


def test_remedies_of_one_sequence_add_up(world, prover):
    """Two lines of the day were wrong: each proof pays its own difference."""
    pay(world, prover, 7 * TOKEN)
    assert pay(world, prover, 2 * TOKEN).return_value == 2 * TOKEN
    assert world.escrow.remedyOf(world.key(), world["alice"]) == 9 * TOKEN


def test_what_a_correction_left_counts_against_the_next_proof(world, prover):
    """7 were paid for the run, and the correction gave nothing of them. Of 10 proven about it 3 are new; of 4 proven
    after that, all."""
    pay(world, prover, 7 * TOKEN)
    tx = pay(world, prover, 10 * TOKEN, sequence=1)
    assert tx.return_value == 3 * TOKEN
    assert [int(tx.events["RemedyPaid"][name]) for name in ("paid", "carried")] == [10 * TOKEN, 0]
    assert pay(world, prover, 4 * TOKEN, sequence=1).return_value == 4 * TOKEN
    assert world.free("alice") == 514 * TOKEN


def test_proof_of_less_than_was_paid_moves_nothing(world, prover):
    pay(world, prover, 7 * TOKEN)
    tx = pay(world, prover, 5 * TOKEN, sequence=1)
    assert tx.return_value == 0
    assert [int(tx.events["RemedyPaid"][name]) for name in ("amount", "paid", "carried")] == [0, 7 * TOKEN, 2 * TOKEN]
    assert pay(world, prover, 3 * TOKEN, sequence=1).return_value == TOKEN
    assert world.escrow.bond() == BOND - 8 * TOKEN


def test_receivable_is_collected_from_a_remedy(world, prover):
    world.register("dora", 100 * TOKEN, world.today - 1, world.today + 1)
    world.fund("dora", 5 * TOKEN)
    world.post({"dora": -9 * TOKEN})
    tx = pay(world, prover, 10 * TOKEN, name="dora")
    assert tx.events["ReceivableCollected"]["amount"] == 4 * TOKEN
    assert (world.free("dora"), world.escrow.receivableOf(world["dora"])) == (6 * TOKEN, 0)
    world.assert_backed("alice", "bob", "dora")


def test_sum_beyond_all_counting_is_cut_not_refused(world, prover):
    tx = pay(world, prover, 2**255)
    assert tx.return_value == 2**96 - 1
    assert tx.events["BondClaimStored"]["amount"] == 2**96 - 1 - BOND
    assert pay(world, prover, 1).return_value == 0


def test_pause_does_not_stop_it(world, prover):
    world.escrow.pause({"from": world.guardian})
    pay(world, prover, TOKEN)
    assert world.free("alice") == 501 * TOKEN


def test_disputes_may_pay_too(world):
    pay(world, world.acting(world.disputes), TOKEN)
    assert world.free("alice") == 501 * TOKEN


def test_stranger__reverts(world):
    for caller in (world.mallory, world.admin, world.acting(world.settlement)):
        with refused("NotDisputing", caller):
            pay(world, caller, 1)
