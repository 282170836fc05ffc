"""Database and chain compared: nothing is said while they agree, and each difference is named."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from grid.chain.client import Client
from grid.chain.models import Block, ChainAttempt, ChainEvent, ChainTx, ChainTxState
from grid.chain.services import comparison, indexer, outbox, sender
from tests.chain.support import NOW, sweep
from tests.chain.test_sender import deposit, take_nonce

pytestmark = pytest.mark.django_db


@pytest.fixture
def settled(chain: Client) -> ChainTx:
    """Two deposits, confirmed and read back, and a refused one."""
    deposit(amount=0, key="deposit:0")
    row = deposit(key="deposit:1")
    deposit(key="deposit:2")
    sweep(chain)
    indexer.index(now=NOW)
    row.refresh_from_db()
    assert row.state == ChainTxState.FINAL
    return row


def found() -> list[str]:
    return list(comparison.differences(now=NOW))


def test_nothing_is_said_while_they_agree(settled: ChainTx) -> None:
    assert found() == []
    told = StringIO()
    call_command("compare_chain", stdout=told)
    assert told.getvalue() == "database and chain agree\n"


def test_what_is_under_way_is_counted(settled: ChainTx) -> None:
    deposit(key="deposit:3")
    told = StringIO()
    call_command("compare_chain", stdout=told)
    assert told.getvalue() == "1 queued\ndatabase and chain agree\n"


def test_a_vanished_transaction_is_named(settled: ChainTx, chain: Client) -> None:
    chain.call("anvil_rollback", 2)
    told = found()
    assert f"deposit:1: final here, in no block of the chain ({settled.tx_hash})" in told
    assert any(
        line.startswith(f"block {settled.block_number}: ") and line.endswith("none on the chain") for line in told
    )
    assert any(line.endswith("Deposited is stored and not on the chain") for line in told)
    with pytest.raises(CommandError, match=f"{len(told)} differences"):
        call_command("compare_chain", stdout=StringIO())


def test_a_transaction_in_another_block_is_named(settled: ChainTx) -> None:
    ChainTx.objects.filter(id=settled.id).update(block_hash="0x" + "12" * 32)
    assert found() == [f"deposit:1: in block 0x{'12' * 32} here, in {settled.block_hash} on the chain"]


def test_another_outcome_is_named(settled: ChainTx) -> None:
    ChainTx.objects.filter(id=settled.id).update(state=ChainTxState.REVERTED)
    assert found() == ["deposit:1: reverted here, status 0x1 on the chain"]


def test_a_second_version_on_the_chain_is_named(settled: ChainTx) -> None:
    other = ChainAttempt.objects.exclude(tx=settled).latest("id")
    ChainTx.objects.filter(id=other.tx_id).update(state=ChainTxState.QUEUED)
    ChainAttempt.objects.filter(id=other.id).update(tx=settled)
    assert f"deposit:1: another version, {other.tx_hash}, is on the chain too" in found()


def test_foreign_nonces_are_counted(settled: ChainTx, chain: Client) -> None:
    nonce = (settled.nonce or 0) + 2
    take_nonce(chain, nonce)
    assert found() == [f"{settled.address}: 1 nonces were used by transactions that no row knows ({nonce})"]


def test_events_that_are_missing_too_many_or_others_are_named(settled: ChainTx) -> None:
    ours = ChainEvent.objects.get(tx_hash=settled.tx_hash, name="Deposited")
    place = f"block {ours.block_id}, log {ours.log_index}"
    ChainEvent.objects.filter(id=ours.id).update(tx_hash="0x" + "34" * 32)
    assert found() == [f"{place}: of another transaction than stored"]
    ChainEvent.objects.filter(id=ours.id).update(log_index=77)
    assert found() == [
        f"{place}: an event on the chain that is not stored",
        f"block {ours.block_id}, log 77: Deposited is stored and not on the chain",
    ]


def test_another_block_is_named(settled: ChainTx) -> None:
    Block.objects.filter(number=settled.block_number).update(hash="0x" + "56" * 32)
    assert found() == [
        f"block {settled.block_number}: 0x{'56' * 32} here, {settled.block_hash} on the chain",
    ]


def test_a_failed_try_that_was_repeated_agrees(chain: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    row = deposit()
    with monkeypatch.context() as scant:
        scant.setattr(sender, "GAS_MARGIN_PERCENT", -20)
        sender.send_pending(now=NOW)
    for _ in range(3):
        sweep(chain)
    indexer.index(now=NOW)
    row.refresh_from_db()
    assert (row.state, row.versions.count()) == (ChainTxState.FINAL, 2)
    assert found() == []
    assert not outbox.retry(business_key=row.business_key, now=NOW)
