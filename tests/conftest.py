"""Fixtures that every kind of test may use."""

from collections.abc import Iterator

import hypothesis
import pytest

from grid.config.servers.anvil import Anvil

KEPT_STATES = 100_000
"""More blocks than a run of all tests mines."""

hypothesis.settings.register_profile("everyday", deadline=None)
hypothesis.settings.register_profile("deep", deadline=None, max_examples=5_000)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--run-deep", action="store_true", help="long campaigns: every property on 5,000 examples")


def pytest_configure(config: pytest.Config) -> None:
    hypothesis.settings.load_profile("deep" if config.getoption("--run-deep") else "everyday")


@pytest.fixture(scope="session")
def chain_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A development chain of this test run, empty at first. Tests roll it back, to blocks of any age."""
    folder = tmp_path_factory.mktemp("chain")
    anvil = Anvil(state=folder / "state.json", log=folder / "anvil.log", genesis=1_760_000_000, kept_states=KEPT_STATES)
    anvil.start()
    yield anvil.url
    anvil.stop()


@pytest.fixture(scope="session", autouse=True)
def flush_facts() -> Iterator[None]:
    """After a test that commits, its rows are truncated, which the triggers of facts refuse everybody else."""
    from django.db.backends.postgresql.operations import DatabaseOperations

    flush = DatabaseOperations.execute_sql_flush

    def flushed(operations: DatabaseOperations, sql_list: list[str]) -> None:
        flush(operations, ["SET session_replication_role = replica", *sql_list, "RESET session_replication_role"])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "execute_sql_flush", flushed)
        yield
