"""Fixtures of page tests: a stepped clock at NOW, an escrow that answers, people with and without a day of energy."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.cache import cache

from grid import clock
from grid.chain.errors import ChainUnavailable
from grid.chain.queries import EscrowAccount
from grid.portal.queries import balances
from grid.records.queries import keys
from tests import factories, neighbourhood


@pytest.fixture
def at_noon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Time stands still at NOW."""
    path = tmp_path / "clock.json"
    clock.write(path, speed=0, sim=factories.NOW.timestamp())
    monkeypatch.setenv(clock.ENV, str(path))


@pytest.fixture
def escrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every account has 40.00 free and 2.50 on their way out."""
    answer = EscrowAccount(free=40_000_000, pending=2_500_000, receivable=0, owed=0)
    monkeypatch.setattr(balances, "escrow_account", lambda address: answer)


@pytest.fixture
def silent_chain(monkeypatch: pytest.MonkeyPatch) -> None:
    """The chain does not answer."""

    def refuse(address: str) -> EscrowAccount:
        raise ChainUnavailable("no answer")

    monkeypatch.setattr(balances, "escrow_account", refuse)


@pytest.fixture(autouse=True)
def fresh_memory() -> Iterator[None]:
    """The database is rolled back, so must be what the process and Valkey remember of it."""
    cache.clear()
    yield
    keys.forget()


@pytest.fixture
def people(db: None, at_noon: None, escrow: None) -> factories.People:
    """Everybody, without any energy yet."""
    return factories.people()


@pytest.fixture
def neighbours(db: None, at_noon: None, escrow: None) -> neighbourhood.Neighbourhood:
    """Everybody, with two days behind them."""
    return neighbourhood.build()
