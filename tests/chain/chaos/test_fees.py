"""Fees that rise while a transaction waits: replaced in steps up to the cap, then said so; and both profiles."""

import itertools
from collections.abc import Iterator
from datetime import timedelta

import pytest
from pytest_django import Settings

from grid.chain import queries
from grid.chain.client import Client
from grid.chain.errors import FeeTooHigh
from grid.chain.fees import Offer, bumped, offer
from grid.chain.models import ChainAttempt, ChainTx, ChainTxState
from grid.chain.services import sender
from grid.config.chain_profiles import PROFILES
from tests.chain.chaos.world import World

GWEI = 10**9


def use(settings: Settings, profile: str) -> None:
    """Take a profile's settings, as the environment would."""
    for name in ("confirmations", "reorg_depth", "max_fee_wei", "bump_seconds", "stale_seconds", "lag_blocks"):
        setattr(settings, f"CHAIN_{name.upper()}", getattr(PROFILES[profile], name))


def set_base_fee(client: Client, wei: int) -> None:
    """Mine an empty block with this base fee; the next one's is an eighth lower."""
    client.call("anvil_setNextBlockBaseFeePerGas", hex(wei))
    client.call("evm_mine")
    assert client.head().base_fee == wei


@pytest.fixture
def market(world: World, settings: Settings) -> Iterator[World]:
    """A public chain: blocks come when they come, and gas costs one gwei."""
    use(settings, "l2")
    settings.CHAIN_CONFIRMATIONS = 1
    world.automine = False
    world.client.call("evm_setAutomine", False)
    set_base_fee(world.client, GWEI)
    yield world
    world.client.call("evm_setAutomine", True)
    world.client.call("anvil_setNextBlockBaseFeePerGas", "0x0")
    world.client.call("evm_mine")


def versions() -> list[ChainAttempt]:
    return list(ChainAttempt.objects.order_by("id"))


def pass_time(world: World, settings: Settings) -> None:
    world.now += timedelta(seconds=settings.CHAIN_BUMP_SECONDS)


def test_fees_rise_in_steps_of_ten_per_cent_at_least_and_any_version_counts(market: World, settings: Settings) -> None:
    market.ask(3)
    market.send()
    for base in (4, 12, 30, 80):
        set_base_fee(market.client, base * GWEI)
        sender.confirm_sent(now=market.now)
        pass_time(market, settings)
        market.send()

    fees = [(version.max_fee, version.priority_fee) for version in versions()]
    assert len(fees) == 5
    assert fees[-1][0] == settings.CHAIN_MAX_FEE_WEI
    assert len({version.nonce for version in versions()}) == 1
    for (before, tip_before), (after, tip_after) in itertools.pairwise(fees):
        assert after * 100 >= before * 110
        assert tip_after * 100 >= tip_before * 110
        assert after <= settings.CHAIN_MAX_FEE_WEI
    set_base_fee(market.client, GWEI)
    market.settle()
    market.reconcile()


def test_nothing_is_replaced_before_its_time(market: World, settings: Settings) -> None:
    market.ask(3)
    market.send()
    market.client.call("anvil_setNextBlockBaseFeePerGas", hex(50 * GWEI))
    market.client.call("evm_mine")
    sender.confirm_sent(now=market.now)
    market.now += timedelta(seconds=settings.CHAIN_BUMP_SECONDS - 1)
    market.send()
    assert len(versions()) == 1


def test_at_the_cap_it_waits_and_says_so_and_goes_on_when_fees_fall(market: World, settings: Settings) -> None:
    settings.CHAIN_MAX_FEE_WEI = 5 * GWEI
    set_base_fee(market.client, 19 * GWEI // 10)
    (row,) = market.ask(3)
    market.send()
    for base, told in (
        (49, "It offers 4800000000 wei; CHAIN_MAX_FEE_WEI is 5000000000."),
        (51, "waiting for it to fall"),
    ):
        set_base_fee(market.client, base * GWEI // 10)
        sender.confirm_sent(now=market.now)
        pass_time(market, settings)
        (behind,) = market.ask(base)
        market.send()
        row.refresh_from_db()
        behind.refresh_from_db()
        assert row.error.startswith("In no block yet, and not replaced: ")
        assert told in row.error
        assert behind.state == ChainTxState.QUEUED
    assert len(versions()) == 1
    assert row in queries.troubled(now=market.now)
    set_base_fee(market.client, GWEI)
    market.settle()
    market.reconcile()


def test_above_the_cap_nothing_new_is_signed(market: World, settings: Settings) -> None:
    set_base_fee(market.client, settings.CHAIN_MAX_FEE_WEI + 1)
    (row,) = market.ask(3)
    market.send()
    row.refresh_from_db()
    assert (row.state, row.nonce) == (ChainTxState.QUEUED, None)
    assert "CHAIN_MAX_FEE_WEI 100000000000: waiting for it to fall" in row.error

    set_base_fee(market.client, GWEI)
    market.settle()
    market.reconcile()


def test_a_spike_over_a_whole_queue(market: World, settings: Settings) -> None:
    market.ask(3, 5, 8, 13)
    market.send()
    set_base_fee(market.client, 20 * GWEI)
    sender.confirm_sent(now=market.now)
    pass_time(market, settings)
    market.ask(21)
    market.settle()
    market.reconcile()
    assert ChainAttempt.objects.filter(outcome="replaced").count() >= 4


def test_a_public_chain_settles_through_fees_and_reorganisations(market: World, settings: Settings) -> None:
    """The profile `l2` as it is: twelve confirmations, and blocks dropped below them."""
    use(settings, "l2")
    market.ask(3, 5)
    market.work()
    for depth in (1, 2, 3):
        market.fill_block()
        market.client.call("anvil_reorg", depth, [])
        market.work()
    assert not ChainTx.objects.filter(state=ChainTxState.FINAL).exists()
    market.settle()
    market.reconcile()
    row = ChainTx.objects.first()
    assert row is not None
    assert market.client.head().number - (row.block_number or 0) + 1 >= 12
    assert queries.halted() is None


def test_a_consortium_chain_settles_at_once_and_pays_nothing(world: World, settings: Settings) -> None:
    """The profile `consortium` as it is: gas is free, and the first block is final."""
    use(settings, "consortium")
    world.ask(3, 5)
    world.work()
    assert set(ChainTx.objects.values_list("state", flat=True)) == {ChainTxState.FINAL}
    assert {(version.max_fee, version.priority_fee) for version in versions()} == {(0, 0)}
    world.reconcile()


def test_a_consortium_chain_that_begins_to_cost_is_not_paid(world: World, settings: Settings) -> None:
    use(settings, "consortium")
    set_base_fee(world.client, GWEI)
    with pytest.raises(FeeTooHigh, match="CHAIN_MAX_FEE_WEI 1000"):
        offer(world.client)
    set_base_fee(world.client, 0)
    assert offer(world.client) == Offer(0, 0)


@pytest.mark.parametrize(
    ("previous", "wanted", "expected"),
    [
        (Offer(100, 10), Offer(50, 5), Offer(110, 11)),
        (Offer(101, 0), Offer(50, 5), Offer(112, 5)),
        (Offer(100, 10), Offer(900, 300), Offer(900, 300)),
        (Offer(0, 0), Offer(0, 0), Offer(1, 1)),
        (Offer(909, 909), Offer(1, 1), Offer(1_000, 1_000)),
        (Offer(910, 1), Offer(1_000, 1), None),
        (Offer(1_000, 1), Offer(1, 1), None),
    ],
)
def test_a_replacement_offers_a_tenth_more_and_never_more_than_the_cap(
    settings: Settings, previous: Offer, wanted: Offer, expected: Offer | None
) -> None:
    settings.CHAIN_MAX_FEE_WEI = 1_000
    assert bumped(previous, wanted) == expected
