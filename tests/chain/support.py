"""A real development chain with our contracts on it, for tests of every app that needs one."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.test.utils import override_settings
from pytest_django import Settings

from grid.chain.client import Client, connect
from grid.chain.deploy import deploy_all
from grid.chain.services import sender

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def deployed_url(chain_url: str) -> str:
    """A chain where the contracts stand, with their roles and the demonstration's money."""
    with override_settings(CHAIN_URL=chain_url, CHAIN_FOLLOWS_CLOCK=True):
        deploy_all(now=NOW)
    return chain_url


@pytest.fixture
def chain(deployed_url: str, settings: Settings) -> Iterator[Client]:
    """The deployed chain, as it was before the test again afterwards."""
    settings.CHAIN_URL = deployed_url
    settings.CHAIN_FOLLOWS_CLOCK = True
    client = connect()
    snapshot = client.call("evm_snapshot")
    yield client
    # What waits in the pool would be mined once the test's blocks are taken back, in the next test's chain.
    client.call("anvil_dropAllTransactions")
    client.call("evm_setAutomine", True)
    client.call("evm_revert", snapshot)


def mined(client: Client) -> None:
    """Wait until anvil, which mines beside its answers, has put every transaction into a block."""
    for _ in range(10_000):
        if client.call("txpool_status") == {"pending": "0x0", "queued": "0x0"}:
            return
    raise AssertionError("anvil does not mine")


def sweep(client: Client) -> None:
    """Send the outbox and note what was mined."""
    sender.send_pending(now=NOW)
    mined(client)
    sender.confirm_sent(now=NOW)
