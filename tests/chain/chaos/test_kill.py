"""A sender that is killed outright, at each point of its work: the next one brings it to the same end."""

import signal

import pytest

from grid.chain.models import ChainTx, ChainTxState
from tests.chain.chaos.processes import Workers
from tests.chain.chaos.world import World

STATES = {
    "A": set(),
    "B": {ChainTxState.QUEUED},
    "C": {ChainTxState.QUEUED},
    "D": {ChainTxState.SIGNED, ChainTxState.QUEUED},
    "E": {ChainTxState.SIGNED, ChainTxState.QUEUED},
    "F": {ChainTxState.SENT},
    "G": {ChainTxState.FINAL},
}
"""The states a first strike leaves behind."""


@pytest.mark.parametrize("point", list("ABCDEFG"))
def test_killed_at_a_point_nothing_is_lost_and_nothing_twice(real_world: World, workers: Workers, point: str) -> None:
    asked = [3, 5, 8]
    assert workers.run(point=point, ask=asked, passes=20) == -signal.SIGKILL
    assert set(ChainTx.objects.values_list("state", flat=True)) == STATES[point]

    real_world.ask(*asked)  # who asked got no answer at A and B, so asks again
    real_world.settle()
    real_world.reconcile()


@pytest.mark.grid("points", ["DF"], ["ADF", "BCEF", "ACDEF"])
def test_killed_again_and_again_until_it_is_through(real_world: World, workers: Workers, points: str) -> None:
    """Each process dies at a later point of the work its predecessor left."""
    asked = [3, 5]
    for point in points:
        assert workers.run(point=point, ask=asked, passes=50) == -signal.SIGKILL
    real_world.ask(*asked)
    real_world.settle()
    real_world.reconcile()


@pytest.mark.grid(
    ("point", "at", "depth"),
    [("E", 2, 2)],
    [(point, at, depth) for point in "ABCDEFG" for at in (1, 2, 3) for depth in (0, 1, 2, 3)],
)
def test_killed_while_the_chain_reorganises(
    real_world: World, workers: Workers, point: str, at: int, depth: int
) -> None:
    """Each row of three struck at each point, and blocks dropped while nobody looks."""
    for _ in range(3):
        real_world.fill_block()
    asked = [3, 5, 8]
    # Confirmed in one pass, the three rows pass the last points together.
    assert workers.run(point=point, at=1 if point == "G" else at, ask=asked, passes=50) == -signal.SIGKILL
    if depth:
        real_world.client.call("anvil_reorg", depth, [])
    real_world.ask(*asked)
    real_world.settle()
    real_world.reconcile()
