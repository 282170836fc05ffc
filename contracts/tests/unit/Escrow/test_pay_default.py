"""What silence costs the operator, and how it counts against proofs."""

import pytest
from world import TOKEN, refused

BOND = 1_000_000 * TOKEN


@pytest.fixture
def payer(world):
    return world.acting(world.disputes)


def default(world, payer, total: int, sequence: int = 0):
    return world.escrow.payDefault(world.key(), sequence, world["alice"], total, {"from": payer})


def remedy(world, payer, due: int, sequence: int = 0):
    return world.escrow.payRemedy(world.key(), sequence, world["alice"], due, {"from": payer})


def test_default_raises_what_was_paid_to_its_sum(world, payer):
    assert remedy(world, payer, 4 * TOKEN).return_value == 4 * TOKEN
    tx = default(world, payer, 10 * TOKEN)
    assert tx.return_value == 6 * TOKEN
    assert [int(tx.events["RemedyPaid"][name]) for name in ("amount", "paid", "carried")] == [
        6 * TOKEN, 10 * TOKEN, 6 * TOKEN,
    ]  # fmt: skip
    assert default(world, payer, 10 * TOKEN).return_value == 0
    assert default(world, payer, 9 * TOKEN).return_value == 0
    assert world.free("alice") == 510 * TOKEN
    world.assert_backed("alice", "bob")


def test_later_proofs_count_against_a_default(world, payer):
    """10 were paid for silence; what is proven afterwards is paid beyond them only."""
    default(world, payer, 10 * TOKEN)
    assert remedy(world, payer, 8 * TOKEN).return_value == 0
    assert remedy(world, payer, 5 * TOKEN).return_value == 3 * TOKEN
    assert remedy(world, payer, 2 * TOKEN).return_value == 2 * TOKEN
    assert world.escrow.bond() == BOND - 15 * TOKEN


def test_default_about_a_later_sequence(world, payer):
    remedy(world, payer, 4 * TOKEN)
    assert default(world, payer, 10 * TOKEN, sequence=1).return_value == 6 * TOKEN
    assert remedy(world, payer, 11 * TOKEN, sequence=1).return_value == TOKEN


def test_pause_does_not_stop_it(world, payer):
    world.escrow.pause({"from": world.guardian})
    assert default(world, payer, TOKEN).return_value == TOKEN


def test_stranger__reverts(world):
    for caller in (world.mallory, world.admin, world.poster):
        with refused("NotDisputing", caller):
            default(world, caller, 1)
