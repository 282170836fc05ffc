from collections.abc import Iterator

import pytest

from grid.accounts.models import Zone
from grid.metering.models import MeteringPoint
from grid.records.queries import keys
from tests.grid.forecasts import street


@pytest.fixture
def zone(db: None) -> Iterator[Zone]:
    made = street.make_zone()
    street.grow_log(made)
    yield made
    # The database is rolled back, so must be what this process remembers of its keys.
    keys.forget()


@pytest.fixture
def alice(zone: Zone) -> MeteringPoint:
    """A home with panels."""
    point = street.add_point(zone, "alice")
    street.add_history(point, pv=True)
    return point


@pytest.fixture
def bob(zone: Zone) -> MeteringPoint:
    """A home without panels."""
    point = street.add_point(zone, "bob")
    street.add_history(point, seed=2)
    return point
