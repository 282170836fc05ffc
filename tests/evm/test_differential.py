"""Random runs and corrections: the contract's balances are the reference ledger's, to the unit."""

from random import Random

import pytest

from tests.evm import histories
from tests.evm.world import TOKEN, Terms, World, build

RUNS = {"short": 60, "everyday": 300, "deep": 10_000}
HUGE_BOND = 10**13 * TOKEN


@pytest.fixture(scope="module")
def community() -> World:
    """A bond that carries any run: what is compared here is how runs are applied."""
    return build(terms=Terms(exposure_ratio=2**32 - 1), bond=HUGE_BOND)


def test_contract_equals_ledger(world: World, scale: str) -> None:
    most = RUNS[scale]
    applied = seed = 0
    while applied < most:
        taken = world.chain.snapshot()
        try:
            applied += histories.play(world, Random(seed), most - applied)
        except BaseException as failure:
            failure.add_note(f"history with seed {seed}, after {applied} runs")
            raise
        world.chain.restore(taken)
        seed += 1
    print(f"{applied} runs in {seed} histories, {world.chain.sent} calls")
    assert applied == most
