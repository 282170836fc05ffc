"""Fixtures that every kind of test may use."""

from collections.abc import Iterator

import pytest

from grid.config.servers.anvil import Anvil


@pytest.fixture(scope="session")
def chain_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A development chain of this test run, empty at first."""
    folder = tmp_path_factory.mktemp("chain")
    anvil = Anvil(state=folder / "state.json", log=folder / "anvil.log", genesis=1_760_000_000)
    anvil.start()
    yield anvil.url
    anvil.stop()
