"""Which way a run's rows go, seen by their gas: hundreds of plain rows must not take the long way.

The long way gives the same result, so that only gas tells them apart. Limits are what a row costs today and a little
more; on the long way one costs several hundred gas more.
"""

import pytest

from tests.evm.world import DAY, TOKEN, World, build, members

STREET = 60
PLAIN_DEBIT, PLAIN_CREDIT = 1_780, 1_540
"""Most gas of one more debtor, or creditor, in a run, its account being warm: the tests' chain keeps it so."""


@pytest.fixture(scope="module")
def community() -> World:
    """Neighbours who have been debited and credited before."""
    made = build()
    names = neighbours()
    members(made, *names)
    made.fund("supplier", 9_000 * TOKEN)
    for turn in range(2):
        made.post(nets(names, turn), day=made.today - 1)
        made.chain.travel(made.chain.time + DAY)
    return made


def neighbours() -> list[str]:
    return [f"neighbour {number}" for number in range(STREET)]


def nets(names: list[str], turn: int) -> dict[str, int]:
    return {name: (TOKEN + i) * (-1 if i % 2 == turn else 1) for i, name in enumerate(names)}


@pytest.mark.parametrize(("sign", "most"), [(-1, PLAIN_DEBIT), (1, PLAIN_CREDIT)])
def test_one_more_plain_row_costs_no_more_than_a_plain_row(world: World, sign: int, most: int) -> None:
    """Rows come in chunks of 16, each hashed once: 16 more rows are one more chunk."""
    names = neighbours()
    taken = world.chain.snapshot()
    few = world.post({name: sign * (TOKEN + i) for i, name in enumerate(names[:16])}, day=world.today - 1).gas
    world.chain.restore(taken)
    many = world.post({name: sign * (TOKEN + i) for i, name in enumerate(names[:48])}, day=world.today - 1).gas
    assert (many - few) / 32 <= most, (many - few) / 32
