"""A day on the real contracts: traded, metered, anchored, settled, reconciled, withdrawn."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from grid.chain import devchain, keys
from grid.chain import queries as chain_queries
from grid.chain.client import Client
from grid.chain.models import ChainTx, ChainTxState
from grid.chain.services import indexer, outbox, sender
from grid.domain.entries import run_key
from grid.domain.refusals import Refused
from grid.domain.signers import address_bytes
from grid.market.queries import mandates
from grid.records.queries import keys as log_keys
from grid.records.services import checkpoints
from grid.settlement.models import RunState, SettlementRun
from grid.settlement.queries.reconciliation import reconcile
from grid.settlement.queries.withdrawals import open_requests
from grid.settlement.services import runs, withdrawals
from tests.chain.support import chain as node
from tests.chain.support import deployed_url, mined
from tests.grid.settlement.day import AFTER, metered, trade
from tests.grid.street import DAY, FOUNDED, Chain, Street, build_street

__all__ = ["deployed_url", "node"]

DEPOSIT = 40_000_000


def work(client: Client, now: datetime) -> None:
    """What the sweeps do about the chain."""
    sender.send_pending(now=now)
    mined(client)
    sender.confirm_sent(now=now)
    indexer.index(now=now)
    checkpoints.note_anchored(now=now)
    runs.note_posted(now=now)


def anchor(client: Client, now: datetime) -> None:
    checkpoints.sign_checkpoint(now=now)
    checkpoints.enqueue_anchor(now=now)
    work(client, now)


@pytest.fixture
def funded(db: None, node: Client) -> Iterator[Street]:
    """The street on the deployed contracts, every account funded, mandates registered."""
    system = {name: keys.address(name) for name in ("supplier", "fee", "dust", "balancing")}
    street = build_street(Chain(), system=system)
    for home in street.homes:
        outbox.enqueue(
            business_key=f"deposit:{home.name}",
            sender="relayer",
            contract="Escrow",
            function="deposit",
            args=[home.account.address, DEPOSIT],
            now=FOUNDED,
        )
        # Carol's mandate allows less than her day costs.
        street.sign_mandate(home, cap_per_day=1_000_000 if home.name == "carol" else 20_000_000)
    work(node, FOUNDED)
    yield street
    log_keys.forget()


@pytest.fixture
def posted(funded: Street, node: Client) -> SettlementRun:
    trade(funded, lambda now: anchor(node, now))
    funded.measure_day(DAY, metered)
    assert runs.compute_due(zone=funded.zone, now=AFTER) == 1
    anchor(node, AFTER)
    assert runs.post_due(now=AFTER) == 1
    work(node, AFTER)
    return SettlementRun.objects.get()


def test_mandates_are_registered_under_the_terms_that_were_signed(funded: Street) -> None:
    states = set(ChainTx.objects.values_list("state", flat=True))
    assert states == {ChainTxState.FINAL}, list(ChainTx.objects.values_list("business_key", "state", "error"))
    for home in funded.homes:
        mandate = home.account.mandates.get()
        assert mandates.index_on_chain(mandate) == 0
        cap = chain_queries.call("Escrow", "capOn", home.account.address, DAY)
        assert cap == mandate.cap_per_day


def test_the_posted_run_moves_exactly_what_was_computed(funded: Street, node: Client, posted: SettlementRun) -> None:
    assert posted.state == RunState.POSTED, ChainTx.objects.get(function="postRun").error
    rows = reconcile(posted)
    assert [row.agrees for row in rows] == [True] * 7
    nets = {row.row.address: row for row in rows}
    alice, bob, carol = (nets[home.account.address] for home in funded.homes)
    balances = chain_queries.escrow_accounts([home.account.address for home in funded.homes])
    assert alice.row.day_net > 0 > bob.row.day_net > -20_000_000
    assert balances[0].free == DEPOSIT + alice.row.day_net
    assert balances[1].free == DEPOSIT + bob.row.day_net
    # Carol pays up to her cap; the rest is the supplier's ordinary bill.
    assert (balances[2].free, carol.moved) == (DEPOSIT - 1_000_000, -1_000_000)
    assert carol.off_chain == carol.row.day_net + 1_000_000 < 0


def test_it_is_final_when_the_chain_says_so(funded: Street, node: Client, posted: SettlementRun) -> None:
    later = AFTER + timedelta(days=1, seconds=60)
    work(node, later)
    posted.refresh_from_db()
    assert posted.state == RunState.POSTED
    devchain.mine_now(now=later)
    work(node, later)
    posted.refresh_from_db()
    assert posted.state == RunState.FINAL
    assert chain_queries.call("Settlement", "isFinal", run_key(funded.zone.word, DAY), 0)


def ask(street: Street, amount: int, *, signer: str = "alice", deadline: int = 2**40) -> ChainTx:
    """Ask for a withdrawal from Alice's account to her own wallet."""
    account, to = street.alice.account, street.alice.wallet.address
    message: dict[str, int | bytes] = {
        "account": address_bytes(account.address),
        "to": to,
        "amount": amount,
        "nonce": 77,
        "deadline": deadline,
    }
    signature = getattr(street, signer).sign("Withdrawal", message)
    return withdrawals.request(
        account=account, to=to, amount=amount, nonce=77, deadline=deadline, signature=signature, now=FOUNDED
    )


def test_a_withdrawal_is_relayed_and_pulled_when_its_delay_is_over(funded: Street, node: Client) -> None:
    first = ask(funded, 15_000_000)
    assert ask(funded, 15_000_000) == first
    work(node, FOUNDED)
    (waiting,) = open_requests(funded.alice.account.address)
    assert (waiting.amount, waiting.to) == (15_000_000, "0x" + funded.alice.wallet.address.hex())
    assert chain_queries.escrow_account(funded.alice.account.address).free == DEPOSIT - 15_000_000
    assert open_requests(funded.bob.account.address) == []

    assert withdrawals.execute_due(now=FOUNDED + timedelta(days=1)) == 0
    ready = FOUNDED + timedelta(days=2, seconds=30)
    # Our clock says so, the chain's does not yet.
    assert withdrawals.execute_due(now=ready) == 0
    devchain.mine_now(now=ready)
    assert withdrawals.execute_due(now=ready) == 1
    assert withdrawals.execute_due(now=ready) == 0
    work(node, ready)
    assert open_requests() == []
    assert chain_queries.call("DemoToken", "balanceOf", waiting.to) == 15_000_000


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"amount": 0}, "amount_zero"),
        ({"amount": DEPOSIT + 1}, "balance_too_small"),
        ({"amount": 5, "deadline": 1}, "deadline_passed"),
        ({"amount": 5, "signer": "bob"}, "signature_invalid"),
    ],
)
def test_a_withdrawal_that_cannot_be_is_refused_by_code(funded: Street, request_: dict[str, Any], code: str) -> None:
    with pytest.raises(Refused) as refusal:
        ask(funded, **request_)
    assert refusal.value.code == code
    assert not ChainTx.objects.filter(function="requestWithdrawal").exists()
