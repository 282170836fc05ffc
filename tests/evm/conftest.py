"""Fixtures of the in-process chain."""

from collections.abc import Iterator

import pytest

from tests.evm.world import World, build


@pytest.fixture(scope="module")
def community() -> World:
    """One deployment per module."""
    return build()


@pytest.fixture
def world(community: World) -> Iterator[World]:
    """The module's community, rolled back afterwards."""
    taken, nonce = community.chain.snapshot(), community.nonce
    leaves, anchored = len(community.log.leaves), len(community.log.anchored)
    yield community
    community.chain.restore(taken)
    community.nonce = nonce
    del community.log.leaves[leaves:], community.log.anchored[anchored:]


@pytest.fixture(scope="session")
def deep(request: pytest.FixtureRequest) -> bool:
    """Whether this is a long campaign."""
    return bool(request.config.getoption("--run-deep"))
