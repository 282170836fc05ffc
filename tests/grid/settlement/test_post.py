"""Posting: a run waits for its anchor, is sent once, and follows what the chain says about it."""

from datetime import timedelta

import pytest

from grid.chain.models import Block, ChainEvent, ChainTx, ChainTxState
from grid.domain.rows import rows_root, unpack_row
from grid.records import queries as records
from grid.records.models import Checkpoint
from grid.settlement.models import RunState, SettlementRun
from grid.settlement.services import runs
from tests.grid.settlement.day import AFTER, metered
from tests.grid.street import DAY, FIRST, Street
from tests.rights import tamper


@pytest.fixture
def run(street: Street) -> SettlementRun:
    street.signal([FIRST], 150_000)
    street.measure_day(DAY, metered)
    return runs.compute(zone=street.zone, day=DAY, now=AFTER)


def anchor(size: int) -> Checkpoint:
    seq = Checkpoint.objects.count()
    return Checkpoint.objects.create(
        size=size, root=records.root_of(size), note="", created_at=AFTER, seq=seq, anchored_at=AFTER
    )


def announce(street: Street, run: SettlementRun, **changes: object) -> ChainEvent:
    args = {
        "zone": "0x" + street.zone.word.hex(),
        "day": run.day,
        "sequence": 0,
        "pointsRoot": "0x" + bytes(run.points_root).hex(),
        "headersRoot": "0x" + bytes(run.headers_root).hex(),
        "rowsRoot": "0x" + bytes(run.rows_root).hex(),
        "finalAt": street.chain.time + 86_400,
    }
    return street.chain.emit("Settlement", "RunPosted", **(args | changes))


def state(run: SettlementRun) -> str:
    run.refresh_from_db()
    return run.state


def test_a_run_waits_for_a_checkpoint_that_covers_all_it_cites(run: SettlementRun) -> None:
    assert runs.post_due(now=AFTER) == 0
    anchor(run.log_size - 1)
    assert runs.post_due(now=AFTER) == 0
    assert state(run) == RunState.COMPUTED
    anchor(run.log_size)
    assert runs.post_due(now=AFTER) == 1
    assert state(run) == RunState.POSTING


def test_what_is_sent_is_what_was_computed_and_only_once(street: Street, run: SettlementRun) -> None:
    anchored = anchor(run.log_size)
    assert runs.post_due(now=AFTER) == 1
    assert runs.post_due(now=AFTER) == 0
    sent = ChainTx.objects.get(business_key=f"run:{street.zone.pk}:{DAY}:0")
    assert (sent.sender, sent.contract, sent.function) == ("poster", "Settlement", "postRun")
    head, words = sent.args
    assert head == {
        "zone": "0x" + street.zone.word.hex(),
        "day": DAY,
        "sequence": 0,
        "pointsRoot": "0x" + bytes(run.points_root).hex(),
        "pointCount": 3,
        "headersRoot": "0x" + bytes(run.headers_root).hex(),
        "checkpoint": anchored.seq,
        "profileHash": "0x" + bytes(run.profile.sha256).hex(),
        "mode": 0,
    }
    raw = [bytes.fromhex(word[2:]) for word in words]
    assert rows_root(raw) == bytes(run.rows_root)
    assert [unpack_row(word).net for word in raw] == list(
        run.rows.order_by("position").values_list("day_net", flat=True)
    )


def test_rows_that_were_changed_behind_our_back_are_never_posted(run: SettlementRun) -> None:
    anchor(run.log_size)
    tamper("UPDATE settlement_runrow SET day_net = day_net + 1 WHERE position = 0")
    with pytest.raises(runs.RunDamaged, match="do not have the root"):
        runs.post_due(now=AFTER)
    assert state(run) == RunState.COMPUTED
    assert not ChainTx.objects.filter(function="postRun").exists()


@pytest.fixture
def posting(run: SettlementRun) -> SettlementRun:
    anchor(run.log_size)
    runs.post_due(now=AFTER)
    run.refresh_from_db()
    return run


def test_the_event_makes_it_posted_and_the_chains_own_time_makes_it_final(
    street: Street, posting: SettlementRun
) -> None:
    assert runs.note_posted(now=AFTER) == 0
    street.chain.time = int(AFTER.timestamp())
    announce(street, posting)
    assert runs.note_posted(now=AFTER) == 1
    assert state(posting) == RunState.POSTED
    assert posting.posted_at == AFTER
    assert posting.final_at == AFTER + timedelta(days=1)
    # Our clock has passed the end, the chain's has not.
    street.chain.time += 86_399
    assert runs.note_posted(now=AFTER + timedelta(days=2)) == 0
    street.chain.time += 1
    assert runs.note_posted(now=AFTER + timedelta(days=2)) == 1
    assert state(posting) == RunState.FINAL


def test_a_reorganisation_puts_it_back_into_the_queue(street: Street, posting: SettlementRun) -> None:
    announce(street, posting)
    runs.note_posted(now=AFTER)
    Block.objects.all().delete()
    assert runs.note_posted(now=AFTER) == 1
    assert state(posting) == RunState.POSTING
    assert (posting.posted_at, posting.final_at) == (None, None)
    announce(street, posting)
    runs.note_posted(now=AFTER)
    assert state(posting) == RunState.POSTED


@pytest.mark.parametrize("gone", [ChainTxState.REVERTED, ChainTxState.DEAD])
def test_a_refusal_of_the_contract_is_noted(posting: SettlementRun, gone: str) -> None:
    ChainTx.objects.filter(pk=posting.chain_tx_id).update(state=gone, error="BondTooSmall(exposure=9, covered=1)")
    assert runs.note_posted(now=AFTER) == 1
    assert state(posting) == RunState.REJECTED


@pytest.mark.parametrize("root", ["pointsRoot", "headersRoot", "rowsRoot"])
def test_another_run_of_the_same_day_on_chain_is_not_ours(street: Street, posting: SettlementRun, root: str) -> None:
    announce(street, posting, **{root: "0x" + "77" * 32})
    assert runs.note_posted(now=AFTER) == 1
    assert state(posting) == RunState.REJECTED
