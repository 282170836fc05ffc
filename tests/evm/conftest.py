"""Fixtures of the in-process chain."""

import os
from collections.abc import Iterator

import pytest

from tests.evm.casefile import posted_court, undone
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


@pytest.fixture(scope="module")
def court() -> World:
    """A posted day before Recomputation and Disputes, one deployment per module."""
    return posted_court()


@pytest.fixture
def at(court: World) -> Iterator[World]:
    """The court, rolled back afterwards."""
    with undone(court):
        yield court


@pytest.fixture(scope="session")
def scale(request: pytest.FixtureRequest) -> str:
    """How much to try: everyday; deep in a long campaign; short against each mutant of the contracts."""
    if os.environ.get("EVM_SHORT"):
        return "short"
    return "deep" if request.config.getoption("--run-deep") else "everyday"


@pytest.fixture(scope="session")
def deep(scale: str) -> bool:
    """Whether this is a long campaign."""
    return scale == "deep"
