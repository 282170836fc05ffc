"""What was final and is no more halts the market, until a person resumes it."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from grid.chain import queries
from grid.chain.client import Client
from grid.chain.models import ChainHalt, ChainTx, ChainTxState
from grid.chain.services import halts, indexer, outbox, sender
from grid.config import flow
from tests.chain.support import NOW, mined, sweep

pytestmark = pytest.mark.django_db

ALICE = "0x" + "a1" * 20


def deposit(number: int) -> ChainTx:
    return outbox.enqueue(
        business_key=f"deposit:{number}", sender="relayer", contract="Escrow", function="deposit",
        args=[ALICE, number], now=NOW,
    )  # fmt: skip


def anchor() -> ChainTx:
    args = [0, 0, 1, b"\x01" * 32, []]
    return outbox.enqueue(
        business_key="anchor:0", sender="anchorer", contract="RecordAnchor", function="anchor", args=args, now=NOW
    )


def mine(chain: Client, blocks: int) -> None:
    """Mine blocks with a stranger's transaction in each: empty ones would be the same again after a reorganisation."""
    stranger = "0x" + "57" * 20
    chain.call("anvil_setBalance", stranger, hex(10**20))
    chain.call("anvil_impersonateAccount", stranger)
    for _ in range(blocks):
        chain.call("eth_sendTransaction", {"from": stranger, "to": stranger})
        mined(chain)


def test_a_final_transaction_that_vanished_halts_the_market_and_comes_back(chain: Client) -> None:
    row = deposit(7)
    sweep(chain)
    chain.call("anvil_rollback", 1)
    indexer.index(now=NOW)
    sweep(chain)

    halt = queries.halted()
    assert halt is not None
    assert "deposit:7 was final in block" in halt.reason
    sweep(chain)
    row.refresh_from_db()
    assert (row.state, queries.escrow_account(ALICE).free) == (ChainTxState.FINAL, 7)
    assert queries.halted() == halt


def test_a_transaction_that_was_not_final_yet_halts_nothing(chain: Client, settings: Settings) -> None:
    settings.CHAIN_CONFIRMATIONS = 2
    deposit(7)
    sweep(chain)
    chain.call("anvil_rollback", 1)
    for _ in range(2):
        sweep(chain)
    assert queries.halted() is None
    assert queries.escrow_account(ALICE).free == 7


@pytest.mark.parametrize(("allowed", "depth", "halted"), [(0, 1, True), (2, 2, False), (2, 3, True)])
def test_more_dropped_blocks_than_allowed_halt_the_market(
    chain: Client, settings: Settings, allowed: int, depth: int, halted: bool
) -> None:
    settings.CHAIN_REORG_DEPTH = allowed
    deposit(1)
    sweep(chain)
    mine(chain, 6)
    indexer.index(now=NOW)
    chain.call("anvil_reorg", depth, [])

    indexer.index(now=NOW)

    halt = queries.halted()
    assert (halt is not None) == halted
    if halt:
        assert f"CHAIN_REORG_DEPTH allows {allowed}" in halt.reason


def test_unconfirmed_blocks_may_change_as_they_like(chain: Client, settings: Settings) -> None:
    settings.CHAIN_CONFIRMATIONS = 4
    mine(chain, 6)
    indexer.index(now=NOW)
    chain.call("anvil_reorg", 3, [])
    indexer.index(now=NOW)
    assert queries.halted() is None


def test_a_halted_market_sends_nothing_of_its_own_and_members_calls_go_on(chain: Client) -> None:
    halts.halt(reason="test", now=NOW)
    ours, members = anchor(), deposit(3)

    sweep(chain)

    ours.refresh_from_db()
    members.refresh_from_db()
    assert (ours.state, members.state) == (ChainTxState.QUEUED, ChainTxState.FINAL)
    halts.resume(by="olga", note="compared", now=NOW)
    sweep(chain)
    ours.refresh_from_db()
    assert ours.state == ChainTxState.FINAL


def test_what_was_signed_before_the_halt_is_broadcast_still(chain: Client) -> None:
    row = anchor()
    sweep(chain)
    chain.call("anvil_rollback", 1)
    indexer.index(now=NOW)
    sender.confirm_sent(now=NOW)
    assert queries.halted()
    sweep(chain)
    row.refresh_from_db()
    assert row.state == ChainTxState.FINAL


def test_the_flow_leaves_out_gates_anchors_and_runs() -> None:
    halted = flow.Pass(halted=True)
    running = flow.Pass()
    for name in ("slots", "gates", "anchor", "post", "send"):
        halted.step(name, lambda: 1)
        running.step(name, lambda: 1)
    assert set(running.counts) - set(halted.counts) == {"gates", "anchor", "post"}

    halts.halt(reason="test", now=NOW)
    assert "anchor" not in flow._sweep(NOW).counts


def test_reasons_gather_in_one_halt() -> None:
    for reason in ("one", "two", "one"):
        halts.halt(reason=reason, now=NOW)
    assert ChainHalt.objects.get().reason == "one\ntwo"


def test_resuming_needs_a_name_and_a_reason_and_stays_on_record() -> None:
    halts.halt(reason="test", now=NOW)
    with pytest.raises(ValueError, match="who resumes"):
        halts.resume(by=" ", note="x", now=NOW)
    with pytest.raises(ValueError, match="why it is safe"):
        halts.resume(by="olga", note="", now=NOW)
    with pytest.raises(CommandError, match="--reason"):
        call_command("resume_chain")

    told = StringIO()
    call_command("resume_chain", "--reason", "node replaced", "--by", "olga", stdout=told)

    assert "test" in told.getvalue()
    ended = ChainHalt.objects.get()
    assert (ended.resolved_by, ended.note) == ("olga", "node replaced")
    assert queries.halted() is None
    with pytest.raises(CommandError, match="not halted"):
        call_command("resume_chain", "--reason", "again")
