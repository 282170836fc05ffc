"""A chain that changes its mind: dropped transactions are sent again, events are read again."""

from collections.abc import Callable
from typing import Any

import pytest
from pytest_django import Settings

from grid.chain import queries
from grid.chain.client import Client
from grid.chain.models import Block, ChainEvent, ChainTx, ChainTxState
from grid.chain.services import indexer, outbox, sender
from tests.chain.support import NOW, mined, sweep

pytestmark = pytest.mark.django_db

ALICE = "0x" + "a1" * 20


def deposit(number: int) -> ChainTx:
    return outbox.enqueue(
        business_key=f"deposit:{number}",
        sender="relayer",
        contract="Escrow",
        function="deposit",
        args=[ALICE, number],
        now=NOW,
    )


def deposits() -> list[int]:
    return [event.args["amount"] for event in queries.events("Escrow", "Deposited", account=ALICE)]


def test_events_are_read_once(chain: Client) -> None:
    for number in (1, 2):
        deposit(number)
    sweep(chain)

    assert indexer.index(now=NOW) > 2
    assert deposits() == [1, 2]
    assert indexer.index(now=NOW) == 0
    assert deposits() == [1, 2]


def test_events_are_the_same_in_small_windows(chain: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in (1, 2, 3):
        deposit(number)
    sweep(chain)
    indexer.index(now=NOW)
    whole = list(ChainEvent.objects.values_list("block_id", "log_index", "name").order_by("block_id", "log_index"))
    Block.objects.all().delete()

    monkeypatch.setattr(indexer, "WINDOW", 3)
    indexer.index(now=NOW)

    parts = list(ChainEvent.objects.values_list("block_id", "log_index", "name").order_by("block_id", "log_index"))
    assert parts == whole


def test_a_dropped_transaction_is_broadcast_again(chain: Client, settings: Settings) -> None:
    settings.CHAIN_CONFIRMATIONS = 2
    row = deposit(7)
    sweep(chain)
    row.refresh_from_db()
    assert row.state == ChainTxState.MINED

    chain.call("anvil_rollback", 1)
    assert queries.escrow_account(ALICE).free == 0
    sender.confirm_sent(now=NOW)
    row.refresh_from_db()
    assert (row.state, row.block_number) == (ChainTxState.SIGNED, None)

    sweep(chain)
    chain.call("evm_mine")
    sweep(chain)
    row.refresh_from_db()
    assert row.state == ChainTxState.FINAL
    assert queries.escrow_account(ALICE).free == 7


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_a_reorganisation_rewinds_events_and_sends_again(chain: Client, depth: int) -> None:
    chain.call("evm_mine")  # a reorganisation must not reach the state this test began with: anvil has it only once
    rows = [deposit(number) for number in (1, 2, 3)]
    sweep(chain)
    indexer.index(now=NOW)
    assert deposits() == [1, 2, 3]

    chain.call("anvil_reorg", depth, [])
    indexer.index(now=NOW)

    assert deposits() == [1, 2, 3][: 3 - depth]
    for _ in range(2):
        sweep(chain)
    indexer.index(now=NOW)
    assert sorted(deposits()) == [1, 2, 3]
    assert queries.escrow_account(ALICE).free == 6
    assert all(ChainTx.objects.get(id=row.id).state == ChainTxState.FINAL for row in rows)


def test_a_confirmed_transaction_that_vanished_before_it_was_indexed_is_sent_again(chain: Client) -> None:
    row = deposit(5)
    sweep(chain)
    row.refresh_from_db()
    assert row.state == ChainTxState.FINAL

    chain.call("anvil_rollback", 1)
    indexer.index(now=NOW)
    for _ in range(2):
        sweep(chain)

    row.refresh_from_db()
    assert row.state == ChainTxState.FINAL
    assert queries.escrow_account(ALICE).free == 5


def test_only_confirmed_blocks_are_indexed(chain: Client, settings: Settings) -> None:
    settings.CHAIN_CONFIRMATIONS = 2
    deposit(1)
    sweep(chain)

    indexer.index(now=NOW)
    assert deposits() == []

    chain.call("evm_mine")
    mined(chain)
    indexer.index(now=NOW)
    assert deposits() == [1]


def replaced_by_a_deposit(chain: Client, row: ChainTx, *, above: int) -> None:
    """Take a deposit's block and the empty ones after it for the newest blocks of the chain."""
    chain.call("anvil_rollback", above + 1)
    chain.call("eth_sendRawTransaction", "0x" + bytes(row.raw or b"").hex())
    mined(chain)
    for _ in range(above):
        chain.call("evm_mine")


def a_deposit_taken_back(chain: Client) -> ChainTx:
    """A signed deposit whose block is gone, with an empty block in its place."""
    chain.call("evm_mine")  # a reorganisation must not reach the state this test began with
    row = deposit(9)
    sender.send_pending(now=NOW)
    mined(chain)
    row.refresh_from_db()
    chain.call("anvil_rollback", 1)
    chain.call("evm_mine")
    return row


def test_a_block_replaced_between_its_logs_and_its_hash_is_read_again(
    chain: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The logs are of an empty block, the hash is of the one with a deposit: it must not count as read."""
    row = a_deposit_taken_back(chain)
    real = Client.call

    def call(self: Client, method: str, *params: Any) -> Any:
        answer = real(self, method, *params)
        if method == "eth_getLogs":
            monkeypatch.setattr(Client, "call", real)
            replaced_by_a_deposit(chain, row, above=0)
        return answer

    monkeypatch.setattr(Client, "call", call)
    indexer.index(now=NOW)
    indexer.index(now=NOW)

    assert deposits() == [9]


def test_a_cursor_dropped_after_the_rewind_is_dropped_before_anything_is_read_on_top(
    chain: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A block read on top of one that is gone would hide for ever that the deposit in its place was not read."""
    row = a_deposit_taken_back(chain)
    indexer.index(now=NOW)
    chain.call("evm_mine")
    real: Callable[..., int | None] = indexer._window

    def window(*args: Any) -> int | None:
        monkeypatch.setattr(indexer, "_window", real)
        replaced_by_a_deposit(chain, row, above=1)
        return real(*args)

    monkeypatch.setattr(indexer, "_window", window)
    assert indexer.index(now=NOW) == 0
    indexer.index(now=NOW)

    assert deposits() == [9]


def test_a_rollback_to_an_old_block_leaves_the_contracts_their_code(chain: Client) -> None:
    """What every test here relies on: anvil has the whole state of blocks far below its head."""
    address = queries.contract_address("Escrow")
    code = chain.code(address)
    chain.call("anvil_mine", hex(1_200))
    chain.call("anvil_rollback", 100)
    assert chain.code(address) == code != b""
