"""What Disputes establishes after a case, and how the contract was built."""

import brownie
import pytest
from openings import POINT_ID, Scenario
from world import refused


@pytest.fixture
def court(world):
    """The address that the deployment keeps for Disputes, as a sender."""
    return brownie.accounts.at(world.recomputation.disputes(), force=True)


def establish(built, sender, due, energy=(0, 1_000)):
    return built.world.recomputation.establish(
        built.run_key, 0, POINT_ID, built.slot, built.world["alice"], *energy, due, {"from": sender}
    )


def test_keeps_the_energy_and_pays(world, court):
    built = Scenario(world, line={"exportWh": 900}).post()
    tx = establish(built, court, 8_000)
    assert tx.return_value == 8_000
    assert dict(tx.events["EnergyEstablished"]) == {
        "runKey": "0x" + built.run_key.hex(),
        "account": world["alice"],
        "point": "0x" + POINT_ID.hex(),
        "sequence": 0,
        "slot": built.slot,
        "importWh": 0,
        "exportWh": 1_000,
        "due": 8_000,
        "paid": 8_000,
    }
    assert world.escrow.remedyOf(built.run_key, world["alice"]) == 8_000
    numbers, _ = world.recomputation.factsOf(built.run_key, 0, POINT_ID, built.slot, world["alice"])
    assert numbers == 1_000 << 176 | 8_000 << 16 | 1


def test_pays_what_was_not_paid_before(world, court, member):
    built = Scenario(world, line={"exportWh": 900, "amount": 150_000}).post()
    world.recomputation.arithmetic(built.caller(), built.statement, {"from": member})
    assert establish(built, court, 10_000).return_value == 8_000
    assert establish(built, court, 10_000).return_value == 0
    assert world.escrow.remedyOf(built.run_key, world["alice"]) == 10_000


def test_later_claims_count_with_it(world, court, member):
    """A case found 1,000 Wh; the trade that a claim shows after it is computed with them."""
    built = Scenario(world, line={"exportWh": 900, "soldWh": 700}).post()
    establish(built, court, 8_000)
    tx = world.recomputation.trade(
        built.caller(), built.statement, built.entry(5), built.opened_fill, [], [], {"from": member}
    )
    assert (tx.events["Recomputed"]["amount"], tx.events["Recomputed"]["due"]) == (160_000, 10_000)


def test_replaces_the_energy_and_keeps_the_rest(world, court, member):
    built = Scenario(world, line={"exportWh": 900, "soldWh": 700}).post()
    world.recomputation.trade(
        built.caller(), built.statement, built.entry(5), built.opened_fill, [], [], {"from": member}
    )
    limit = 2**40 - 1
    tx = establish(built, court, 0, (limit, limit))
    assert tx.events["EnergyEstablished"]["due"] == 0
    numbers, _ = world.recomputation.factsOf(built.run_key, 0, POINT_ID, built.slot, world["alice"])
    assert numbers == limit << 216 | limit << 176 | 800 << 96 | 10_000 << 16 | 3


def test_only_disputes_may(world, member):
    built = Scenario(world).post()
    for sender in (world.mallory, world.admin, member):
        with refused("NotDisputes", str(sender)):
            establish(built, sender, 5)


def test_the_contract_knows_its_neighbours(world):
    contract = world.recomputation
    assert contract.escrow() == world.escrow.address
    assert contract.settlement() == world.settlement.address
    assert contract.recordAnchor() == world.anchor.address
    assert contract.accounts() == world.accounts.address
    assert contract.disputes() == world.escrow.disputes()
    assert world.escrow.recomputation() == contract.address
    assert (contract.holdTime(), contract.maxHolds()) == (3 * 86_400, 2)
    assert len(contract.bytecode) > 0


def test_it_may_be_deployed_anywhere(project):
    """EIP-170: at most 24,576 bytes of code."""
    assert len(project.Recomputation._build["deployedBytecode"]) // 2 <= 24_576
