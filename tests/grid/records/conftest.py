from collections.abc import Iterator

import pytest

from grid.records.queries import keys
from tests.chain.support import chain, deployed_url

__all__ = ["chain", "deployed_url", "fresh_keys"]


@pytest.fixture(autouse=True)
def fresh_keys() -> Iterator[None]:
    """Opened keys outlive a test's database otherwise."""
    keys.forget()
    yield
    keys.forget()
