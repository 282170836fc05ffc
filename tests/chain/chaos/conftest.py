from collections.abc import Iterator

import pytest
from django.db import connection

from grid.chain.client import Client
from tests.chain.chaos.processes import Workers
from tests.chain.chaos.world import World
from tests.chain.support import chain, deployed_url

__all__ = ["chain", "deployed_url"]


@pytest.fixture
def world(db: None, chain: Client) -> Iterator[World]:
    """A chain to break, all in this process."""
    yield World(chain)
    chain.call("evm_setAutomine", True)


@pytest.fixture
def real_world(transactional_db: None, chain: Client) -> Iterator[World]:
    """A chain to break, with rows that other processes see."""
    yield World(chain)
    chain.call("evm_setAutomine", True)


@pytest.fixture
def workers(real_world: World) -> Iterator[Workers]:
    """Senders in processes of their own; none outlives the test."""
    started = Workers(database=str(connection.settings_dict["NAME"]), chain_url=real_world.client.url)
    yield started
    started.end()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """`grid` cases are those a test names for every day, or all of them in the long campaign."""
    marker = metafunc.definition.get_closest_marker("grid")
    if marker:
        names, everyday, everything = marker.args
        metafunc.parametrize(names, everything if metafunc.config.getoption("--run-deep") else everyday)
