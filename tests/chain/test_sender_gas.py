"""The sender and gas: what runs out of it, and what may take none."""

import re

import pytest
from pytest_django import Settings

from grid.chain.client import Client
from grid.chain.errors import RpcError
from grid.chain.models import ChainTxState
from grid.chain.services import sender
from tests.chain.support import NOW, mined, sweep
from tests.chain.test_sender import BOB, deposit, free

pytestmark = pytest.mark.django_db


def test_a_call_that_ran_out_of_gas_is_planned_again(chain: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    row = deposit()
    with monkeypatch.context() as scant:
        scant.setattr(sender, "GAS_MARGIN_PERCENT", -20)
        sender.send_pending(now=NOW)
    mined(chain)
    sender.confirm_sent(now=NOW)
    row.refresh_from_db()
    assert (row.state, row.nonce, row.replans) == (ChainTxState.QUEUED, None, 1)
    assert "ran out of gas" in row.error

    sweep(chain)
    row.refresh_from_db()
    assert (row.state, row.error, free()) == (ChainTxState.FINAL, "", 1_000_000)
    assert [version.outcome for version in row.versions.order_by("id")] == ["out of gas", "mined"]


def test_a_call_above_the_gas_limit_is_refused_before_it_is_sent(chain: Client, settings: Settings) -> None:
    settings.CHAIN_GAS_LIMIT = 50_000
    row = deposit()
    sweep(chain)
    row.refresh_from_db()
    assert (row.state, row.nonce) == (ChainTxState.REVERTED, None)
    assert re.fullmatch(r"deposit needs \d+ gas; one transaction may have 50000\.", row.error)


def test_a_node_that_finds_a_call_too_large_says_so_too(chain: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def too_large(self: Client, call: object) -> int:
        raise RpcError("eth_estimateGas", -32000, "gas required exceeds allowance (30000000)")

    monkeypatch.setattr(Client, "gas", too_large)
    row = deposit()
    sender.send_pending(now=NOW)
    row.refresh_from_db()
    assert (row.state, row.nonce) == (ChainTxState.REVERTED, None)
    assert row.error == "deposit needs more gas than a block has; one transaction may have 16777216."


def test_gas_never_exceeds_the_limit(chain: Client, settings: Settings) -> None:
    row = deposit()
    sender.send_pending(now=NOW)
    settings.CHAIN_GAS_LIMIT = row.versions.get().gas * 100 // 110
    limited = deposit(BOB, key="deposit:2")
    sender.send_pending(now=NOW)
    assert limited.versions.get().gas <= settings.CHAIN_GAS_LIMIT
