"""A day that was posted, for the tests of disputes about it."""

import pytest
from casework import CAP, Casework
from world import TOKEN


@pytest.fixture
def case(world) -> Casework:
    """The day of `Casework`: Anna owes 100 and has a cap of 60, Emil gets 30. Both have 500, so deposits are covered."""
    for name in ("anna", "emil", "otto"):
        world.fund(name, 500 * TOKEN)
        world.register(name, CAP, world.today - 10, world.today + 100)
    return Casework(world).post()
