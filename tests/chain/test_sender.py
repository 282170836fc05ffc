"""The outbox and its sender: at most once, in order, whatever dies in between."""

from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection
from pytest_django import Settings

from grid.chain import keys, queries
from grid.chain.client import Client
from grid.chain.errors import ChainUnavailable, ContractUnknown
from grid.chain.locks import lock_of
from grid.chain.models import ChainTx, ChainTxState
from grid.chain.services import confirm, outbox, sender
from grid.chain.transactions import Transaction
from grid.domain.keccak import keccak256
from tests.chain.support import NOW, mined, sweep

pytestmark = pytest.mark.django_db

ALICE = "0x" + "a1" * 20
BOB = "0x" + "b0" * 20


def deposit(account: str = ALICE, amount: int = 1_000_000, *, key: str = "deposit:1") -> ChainTx:
    return outbox.enqueue(
        business_key=key, sender="relayer", contract="Escrow", function="deposit", args=[account, amount], now=NOW
    )


def free(account: str = ALICE) -> int:
    return queries.escrow_account(account).free


def set_allowance(chain: Client, amount: int) -> None:
    """Let Escrow take `amount` of the relayer's tokens, by writing the token's storage."""
    owner, spender = keys.address("relayer"), queries.contract_address("Escrow")
    slot = allowance_slot(owner, spender)
    token = queries.contract_address("DemoToken")
    chain.call("anvil_setStorageAt", token, "0x" + slot.hex(), "0x" + amount.to_bytes(32, "big").hex())
    chain.call("evm_mine")
    assert queries.call("DemoToken", "allowance", owner, spender) == amount


def allowance_slot(owner: str, spender: str) -> bytes:
    """Return where OpenZeppelin's ERC20 keeps an allowance: owner => spender => amount, in slot 1."""
    inner = keccak256(bytes.fromhex(owner[2:]).rjust(32, b"\0") + (1).to_bytes(32, "big"))
    return keccak256(bytes.fromhex(spender[2:]).rjust(32, b"\0") + inner)


def take_nonce(chain: Client, nonce: int) -> str:
    """Send a transaction of the relayer's that no row knows; return its hash."""
    raw = Transaction(chain.chain_id, nonce, 0, 0, 21_000, b"\x57" * 20, b"").sign(keys.key("relayer").private_key)
    found = str(chain.call("eth_sendRawTransaction", "0x" + raw.hex()))
    mined(chain)
    return found


def break_sending(monkeypatch: pytest.MonkeyPatch, *, reaches_the_node: bool) -> None:
    """Let the answer to a broadcast be lost, after or before the node has it."""
    real = Client.call

    def call(self: Client, method: str, *params: Any) -> Any:
        if method != "eth_sendRawTransaction":
            return real(self, method, *params)
        if reaches_the_node:
            real(self, method, *params)
        raise ChainUnavailable("connection lost")

    monkeypatch.setattr(Client, "call", call)


def test_a_business_key_is_enqueued_once(chain: Client) -> None:
    assert deposit().id == deposit(BOB).id
    assert ChainTx.objects.count() == 1


def test_arguments_that_do_not_fit_are_refused_at_once(chain: Client) -> None:
    with pytest.raises(ValueError, match=r"Escrow\.deposit"):
        deposit("0x1234")
    with pytest.raises(ContractUnknown, match="no function steal with 0 arguments"):
        outbox.enqueue(business_key="x", sender="relayer", contract="Escrow", function="steal", args=[], now=NOW)
    assert not ChainTx.objects.exists()


def test_a_call_is_sent_and_confirmed(chain: Client) -> None:
    row = deposit()

    assert sender.send_pending(now=NOW) == 1
    mined(chain)
    assert sender.confirm_sent(now=NOW) == 1

    row.refresh_from_db()
    assert row.state == ChainTxState.FINAL
    assert row.block_timestamp == int(NOW.timestamp())
    assert free() == 1_000_000


def test_a_second_sweep_sends_nothing_again(chain: Client) -> None:
    deposit()
    sweep(chain)

    assert sender.send_pending(now=NOW) == 0
    assert sender.confirm_sent(now=NOW) == 0
    assert free() == 1_000_000


def test_chain_time_follows_the_platform(chain: Client) -> None:
    deposit()
    sender.send_pending(now=NOW + timedelta(hours=5))
    mined(chain)
    assert chain.head().timestamp == int((NOW + timedelta(hours=5)).timestamp())

    deposit(key="deposit:2")
    sender.send_pending(now=NOW)
    mined(chain)
    assert chain.head().timestamp >= int((NOW + timedelta(hours=5)).timestamp())


def test_many_calls_take_rising_nonces_in_order(chain: Client) -> None:
    rows = [deposit(amount=amount, key=f"deposit:{amount}") for amount in range(1, 6)]

    sweep(chain)

    nonces = list(
        ChainTx.objects.filter(id__in=[row.id for row in rows]).order_by("id").values_list("nonce", flat=True)
    )
    assert nonces == [(nonces[0] or 0) + step for step in range(5)]
    assert free() == 15


def test_nonces_go_on_after_what_is_not_mined_yet(chain: Client) -> None:
    """The chain counts mined ones only; ours come from what we signed."""
    chain.call("evm_setAutomine", False)
    first = deposit()
    sender.send_pending(now=NOW)
    second = deposit(key="deposit:2")
    sender.send_pending(now=NOW)
    chain.call("evm_setAutomine", True)
    mined(chain)
    sender.confirm_sent(now=NOW)

    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == (ChainTxState.FINAL, ChainTxState.FINAL)
    assert second.nonce == (first.nonce or 0) + 1


def test_a_refused_call_names_its_error_and_holds_up_nobody(chain: Client) -> None:
    refused = deposit(amount=0, key="deposit:nothing")
    good = deposit()

    sweep(chain)

    refused.refresh_from_db()
    good.refresh_from_db()
    assert (refused.state, refused.nonce) == (ChainTxState.REVERTED, None)
    assert "ZeroAmount()" in refused.error
    assert good.state == ChainTxState.FINAL


def test_a_refused_call_can_be_tried_again(chain: Client) -> None:
    """Without an allowance the deposit fails; with one the same row succeeds."""
    escrow = queries.contract_address("Escrow")
    set_allowance(chain, 0)
    row = deposit()
    sweep(chain)
    row.refresh_from_db()
    assert (row.state, free()) == (ChainTxState.REVERTED, 0)
    assert f"ERC20InsufficientAllowance(spender={escrow}, allowance=0, needed=1000000)" in row.error

    set_allowance(chain, 1_000_000)
    assert outbox.retry(business_key=row.business_key, now=NOW)
    sweep(chain)

    assert free() == 1_000_000
    assert not outbox.retry(business_key=row.business_key, now=NOW)


def test_a_call_that_fails_in_its_block_says_why(chain: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Estimated well, but the allowance went before the transaction was mined."""
    row = deposit()
    with monkeypatch.context() as broken:
        break_sending(broken, reaches_the_node=False)
        with pytest.raises(ChainUnavailable):
            sender.send_pending(now=NOW)
    set_allowance(chain, 0)

    sweep(chain)

    row.refresh_from_db()
    assert (row.state, free()) == (ChainTxState.REVERTED, 0)
    assert "ERC20InsufficientAllowance" in row.error
    assert row.gas_used

    set_allowance(chain, 1_000_000)
    assert outbox.retry(business_key=row.business_key, now=NOW)
    sender.send_pending(now=NOW)
    mined(chain)
    sender.confirm_sent(now=NOW)
    row.refresh_from_db()
    assert (row.state, free()) == (ChainTxState.FINAL, 1_000_000)
    assert [version.outcome for version in row.versions.order_by("id")] == ["failed", "mined"]


def test_a_failed_try_is_not_taken_for_the_new_one(chain: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its receipt says that it failed; the new one is not in a block yet."""
    row = deposit()
    with monkeypatch.context() as broken:
        break_sending(broken, reaches_the_node=False)
        with pytest.raises(ChainUnavailable):
            sender.send_pending(now=NOW)
    set_allowance(chain, 0)
    sweep(chain)
    set_allowance(chain, 1_000_000)
    outbox.retry(business_key=row.business_key, now=NOW)
    chain.call("evm_setAutomine", False)
    sender.send_pending(now=NOW)
    sender.confirm_sent(now=NOW)
    row.refresh_from_db()
    assert row.state == ChainTxState.SENT
    chain.call("anvil_dropAllTransactions")
    chain.call("evm_setAutomine", True)
    sender.confirm_sent(now=NOW)
    row.refresh_from_db()
    assert row.state == ChainTxState.SIGNED, "the failed one is there, the new one is lost"
    sweep(chain)
    row.refresh_from_db()
    assert (row.state, free()) == (ChainTxState.FINAL, 1_000_000)


def test_an_unknown_sender_is_refused() -> None:
    with pytest.raises(ValueError, match="'relayr' is no sender"):
        outbox.enqueue(business_key="x", sender="relayr", contract="Escrow", function="deposit", args=[], now=NOW)


def test_a_refusal_carries_the_values_of_the_error(chain: Client) -> None:
    row = outbox.enqueue(
        business_key="anchor:5",
        sender="anchorer",
        contract="RecordAnchor",
        function="anchor",
        args=[5, [0, 0, 0, bytes(32)], 1, bytes(32), []],
        now=NOW,
    )

    sweep(chain)

    row.refresh_from_db()
    assert "UnexpectedSequence(given=5, expected=0)" in row.error


def test_killed_after_signing_the_same_bytes_are_broadcast(chain: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    row = deposit()
    with monkeypatch.context() as broken:
        break_sending(broken, reaches_the_node=False)
        with pytest.raises(ChainUnavailable):
            sender.send_pending(now=NOW)
    row.refresh_from_db()
    assert (row.state, free()) == (ChainTxState.SIGNED, 0)
    signed = bytes(row.raw or b"")

    sweep(chain)

    row.refresh_from_db()
    assert (row.state, bytes(row.raw or b"")) == (ChainTxState.FINAL, signed)
    assert free() == 1_000_000


def test_a_lost_answer_does_not_pay_twice(chain: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    row = deposit()
    with monkeypatch.context() as broken:
        break_sending(broken, reaches_the_node=True)
        with pytest.raises(ChainUnavailable):
            sender.send_pending(now=NOW)

    sweep(chain)

    row.refresh_from_db()
    assert row.state == ChainTxState.FINAL
    assert free() == 1_000_000


def test_a_call_whose_nonce_others_took_is_planned_again(chain: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    row = deposit()
    with monkeypatch.context() as broken:
        break_sending(broken, reaches_the_node=False)
        with pytest.raises(ChainUnavailable):
            sender.send_pending(now=NOW)
    row.refresh_from_db()
    first = row.nonce or 0
    foreign = take_nonce(chain, first)
    later = deposit(key="deposit:2")

    sweep(chain)
    row.refresh_from_db()
    assert (row.state, row.nonce, row.error) == (
        ChainTxState.QUEUED,
        None,
        f"Another transaction ({foreign}) took nonce {first}; planned again.",
    )
    sweep(chain)

    row.refresh_from_db()
    later.refresh_from_db()
    assert (row.state, later.state) == (ChainTxState.FINAL, ChainTxState.FINAL)
    assert (later.nonce, row.nonce) == (first + 1, first + 2)
    assert [version.outcome for version in row.versions.order_by("nonce")] == ["lost to others", "mined"]
    assert free() == 2_000_000


def test_a_call_whose_nonce_others_keep_taking_is_given_up(chain: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    row = deposit()
    for _ in range(confirm.MOST_REPLANS + 1):
        with monkeypatch.context() as broken:
            break_sending(broken, reaches_the_node=False)
            with pytest.raises(ChainUnavailable):
                sender.send_pending(now=NOW)
        row.refresh_from_db()
        take_nonce(chain, row.nonce or 0)
        sweep(chain)

    row.refresh_from_db()
    assert (row.state, row.nonce, free()) == (ChainTxState.DEAD, None, 0)
    assert [found.id for found in queries.troubled(now=NOW)] == [row.id]
    assert outbox.retry(business_key=row.business_key, now=NOW)
    sweep(chain)
    assert free() == 1_000_000


def test_a_sender_that_another_process_owns_is_left_to_it(chain: Client) -> None:
    deposit()
    given = connection.get_connection_params()
    names = {name: given[name] for name in ("dbname", "user", "password", "host", "port") if given.get(name)}
    with psycopg.connect(**names) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [lock_of("sender.relayer")])
        assert sender.send_pending(now=NOW) == 0
        # By name: the server notices the end of a connection in its own time.
        other.execute("SELECT pg_advisory_unlock(%s)", [lock_of("sender.relayer")])

    assert sender.send_pending(now=NOW) == 1


def test_an_unreachable_chain_keeps_the_outbox(settings: Settings) -> None:
    row = deposit()
    settings.CHAIN_URL = "http://127.0.0.1:9"

    with pytest.raises(ChainUnavailable, match=r"127\.0\.0\.1:9"):
        sender.send_pending(now=NOW)

    row.refresh_from_db()
    assert row.state == ChainTxState.QUEUED
