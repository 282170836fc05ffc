import pytest
from brownie import accounts


@pytest.fixture
def member(world):
    """Alice as a sender of transactions."""
    return accounts.add(world.person("alice").key)
