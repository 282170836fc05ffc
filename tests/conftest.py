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


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> Iterator[None]:
    """The database is made and removed by its owner; tests work as the role of web and workers.

    After a test that commits, its rows are truncated, which the triggers of facts refuse everybody else.
    """
    from django.conf import settings
    from django.db import connections
    from django.db.backends.postgresql.operations import DatabaseOperations

    if not settings.DATABASE_AS_OWNER:
        yield
        return
    role = settings.DATABASE_APP_ROLE
    flush = DatabaseOperations.execute_sql_flush

    def flushed(operations: DatabaseOperations, sql_list: list[str]) -> None:
        before = ["RESET ROLE", "SET session_replication_role = replica"]
        flush(operations, [*before, *sql_list, "RESET session_replication_role", f"SET ROLE {role}"])

    connection = connections["default"]
    connection.close()
    connection.settings_dict["OPTIONS"]["assume_role"] = role
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "execute_sql_flush", flushed)
        yield
    connection.close()
    del connection.settings_dict["OPTIONS"]["assume_role"]
