"""Fixtures that every kind of test may use."""

from collections.abc import Iterator

import hypothesis
import pytest

from grid.config.servers.anvil import Anvil

hypothesis.settings.register_profile("everyday", deadline=None)
hypothesis.settings.register_profile("deep", deadline=None, max_examples=5_000)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--run-deep", action="store_true", help="long campaigns: every property on 5,000 examples")


def pytest_configure(config: pytest.Config) -> None:
    hypothesis.settings.load_profile("deep" if config.getoption("--run-deep") else "everyday")


@pytest.fixture(scope="session")
def chain_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A development chain of this test run, empty at first."""
    folder = tmp_path_factory.mktemp("chain")
    anvil = Anvil(state=folder / "state.json", log=folder / "anvil.log", genesis=1_760_000_000)
    anvil.start()
    yield anvil.url
    anvil.stop()
