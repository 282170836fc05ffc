"""A line whose amount is not what the formula gives with its own energy and its header's prices."""

import brownie
import pytest
from brownie import accounts
from openings import ARITHMETIC, ENERGY, POINT_ID, Scenario
from world import DAY, ZERO32, refused


@pytest.fixture
def short(world):
    """Alice's slot is worth 160,000 and was posted with 40,000 less."""
    return Scenario(world, line={"amount": 120_000}).post()


def test_pays_what_the_line_lacks(world, short, member):
    free, bond = world.free("alice"), world.escrow.bond()
    tx = world.recomputation.arithmetic(short.caller(), short.statement, {"from": member})
    assert world.free("alice") == free + 40_000
    assert world.escrow.bond() == bond - 40_000
    assert world.escrow.remedyOf(short.run_key, world["alice"]) == 40_000
    numbers, prices = world.recomputation.factsOf(short.run_key, 0, POINT_ID, short.slot, world["alice"])
    assert (numbers, prices) == (40_000 << 16, 0)
    assert dict(tx.events["Recomputed"]) == {
        "runKey": "0x" + short.run_key.hex(),
        "account": world["alice"],
        "point": "0x" + POINT_ID.hex(),
        "sequence": 0,
        "slot": short.slot,
        "ground": ARITHMETIC,
        "amount": 160_000,
        "due": 40_000,
        "paid": 40_000,
        "numbers": numbers,
        "prices": 0,
    }
    world.assert_backed("alice", "bob")
