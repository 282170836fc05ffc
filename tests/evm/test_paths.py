"""Which way a run's rows go, seen by their gas: hundreds of plain rows must not take the long way.

The long way gives the same result, so that only gas tells them apart. Limits are what a row costs today and a little
more; on the long way one costs several hundred gas more.
"""

import pytest

from tests.evm import casefile as files
from tests.evm.world import DAY, TOKEN, World, build

STREET = 48
MOST = 20 * TOKEN
PLAIN_DEBIT, PLAIN_CREDIT = 1_780, 1_540
"""Most gas of one more debtor, or creditor, in a run, its account being warm: the tests' chain keeps it so."""
PLAIN_CLAIM = 116_500
"""Most gas of a first claim of arithmetic; one word more would cost 2,200."""


@pytest.fixture(scope="module")
def community() -> World:
    """Neighbours who have been debited and credited before, and are at all their limits on the next day.

    Each has a free balance of MOST, a mandate of one day with that cap, and an older one.
    """
    made = build()
    day, names = made.today, neighbours()
    for name in names:
        made.fund(name, 2 * MOST)
        made.register(name, MOST, day - 1, day)
        made.register(name, MOST, day, day + 1)
    made.fund("supplier", 9_000 * TOKEN)
    made.post(dict.fromkeys(names, -MOST), day=day - 1)
    made.chain.travel(made.chain.time + DAY)
    return made


def neighbours() -> list[str]:
    return [f"neighbour {number}" for number in range(STREET)]


@pytest.mark.parametrize(("sign", "most"), [(-1, PLAIN_DEBIT), (1, PLAIN_CREDIT)])
def test_one_more_plain_row_costs_no_more_than_a_plain_row(world: World, sign: int, most: int) -> None:
    """Rows come in chunks of 16, each hashed once: 16 more rows are one more chunk."""
    names = neighbours()
    nets = dict.fromkeys(names, sign * MOST)
    taken = world.chain.snapshot()
    few = world.post({name: nets[name] for name in names[:16]}, day=world.today - 1).gas
    world.chain.restore(taken)
    many = world.post(nets, day=world.today - 1).gas
    assert {world.free(name) for name in names} == {MOST + sign * MOST}
    assert (many - few) / (STREET - 16) <= most, (many - few) / (STREET - 16)


def test_a_claim_that_shows_no_price_writes_none() -> None:
    """Two words that were empty: the slot's numbers, and what the account's day was paid."""
    world = files.posted_court()
    posted = files.short()
    done = files.send(files.tier0(world, posted, "arithmetic", "alice", posted.statement("roof", 40)))
    assert done.gas <= PLAIN_CLAIM, done.gas
