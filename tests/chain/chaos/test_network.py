"""Answers that are lost, requests that arrive twice, and nodes that lie: the outbox loses and doubles nothing."""

from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django import Settings

from grid.chain import queries
from grid.chain.errors import ChainUnavailable
from grid.chain.models import ChainTx, ChainTxState
from grid.chain.services import indexer, sender
from tests.chain.chaos.world import World
from tests.chain.proxy import Proxy
from tests.chain.test_nodes import low_head, no_block, old_head, other_chain

METHODS = [
    "eth_getBlockByNumber",
    "eth_estimateGas",
    "eth_getTransactionCount",
    "eth_sendRawTransaction",
    "eth_getTransactionReceipt",
    "eth_getLogs",
]


@pytest.fixture
def proxy(world: World, settings: Settings) -> Iterator[Proxy]:
    between = Proxy(world.client.url)
    settings.CHAIN_URL = between.url
    yield between
    between.stop()


def attempt(world: World) -> int:
    """A pass whose steps may fail, as the flow takes them; return how many did."""
    failed = 0
    for step in (sender.send_pending, lambda now: world.mine(), sender.confirm_sent, indexer.index):
        try:
            step(now=world.now)
        except ChainUnavailable:
            failed += 1
    return failed


@pytest.mark.parametrize("method", METHODS)
def test_an_answer_that_is_lost_is_asked_for_again(world: World, proxy: Proxy, method: str) -> None:
    """Lost at its first, second and third time, each in a pass of its own."""
    world.ask(3, 5, 8)
    failed = 0
    for lost in (1, 2, 3):
        counted = iter(range(1, 10_000))
        proxy.lose = lambda name, counted=counted, lost=lost: name == method and next(counted) == lost
        failed += attempt(world)
    proxy.lose = lambda name: False
    assert failed
    world.settle()
    world.reconcile()


@pytest.mark.parametrize("method", METHODS)
def test_a_request_that_arrives_twice_does_nothing_twice(world: World, proxy: Proxy, method: str) -> None:
    world.ask(3, 5, 8)
    proxy.twice = lambda name: name == method
    world.settle()
    world.reconcile()
    assert proxy.asked.count(method) > 0


def test_every_second_answer_is_lost(world: World, proxy: Proxy) -> None:
    world.ask(3, 5, 8)
    counted = iter(range(10_000))
    proxy.lose = lambda name: next(counted) % 2 == 1
    for _ in range(30):
        attempt(world)
    proxy.lose = lambda name: False
    world.settle()
    world.reconcile()


@pytest.fixture
def liar(world: World, settings: Settings) -> Iterator[Proxy]:
    """A node that is asked first, before the honest one."""
    before = Proxy(world.client.url)
    settings.CHAIN_URL = f"{before.url},{world.client.url}"
    settings.CHAIN_ID = 31_337
    settings.CHAIN_FOLLOWS_CLOCK = False
    yield before
    before.stop()


@pytest.mark.parametrize("lie", [other_chain, old_head, low_head, no_block])
def test_a_node_that_begins_to_lie_in_the_middle_of_the_work(
    world: World, liar: Proxy, settings: Settings, lie: Any
) -> None:
    settings.CHAIN_STALE_SECONDS = 3_000
    world.ask(3)
    attempt(world)
    world.ask(5)
    liar.change = lie
    attempt(world)
    world.ask(8)
    world.settle()
    world.reconcile()


@pytest.mark.parametrize("answer", [(500, b""), (200, b"{"), (0, b"")])
def test_a_node_that_fails_in_the_middle_of_the_work(
    world: World, liar: Proxy, settings: Settings, answer: tuple[int, bytes]
) -> None:
    settings.CHAIN_STALE_SECONDS = 0
    world.ask(3, 5)
    attempt(world)
    world.ask(8)
    liar.answer = answer
    attempt(world)
    liar.answer = None
    world.settle()
    world.reconcile()


@pytest.mark.parametrize(
    "hidden", [("eth_getTransactionReceipt",), ("eth_getTransactionReceipt", "eth_getTransactionByHash")]
)
def test_a_node_that_hides_receipts_makes_nothing_happen_twice(
    world: World, proxy: Proxy, hidden: tuple[str, ...]
) -> None:
    """It says that a mined transaction is in no block, and the nonce used: that is no reason to sign it again."""
    world.ask(3, 5)
    proxy.change = lambda method, params, result: None if method in hidden else result
    for _ in range(4):
        attempt(world)
    assert set(ChainTx.objects.values_list("state", "replans")) == {(ChainTxState.SENT, 0)}
    assert "a transaction the node does not show" in queries.troubled(now=world.now)[0].error

    proxy.change = lambda method, params, result: result
    world.settle()
    world.reconcile()


def test_a_node_that_shows_no_block_in_full_makes_nothing_happen_twice(world: World, proxy: Proxy) -> None:
    """A foreign transaction did take the nonce, and we do not believe it before we have seen it."""
    world.client.call("evm_setAutomine", False)
    world.ask(3)
    world.send()
    nonce = ChainTx.objects.get().nonce or 0
    world.client.call("anvil_dropTransaction", ChainTx.objects.get().tx_hash)
    world.client.call("evm_setAutomine", True)
    assert world.take_nonce() == nonce
    proxy.change = lambda method, params, result: None if params[1:] == [True] else result
    attempt(world)
    attempt(world)
    assert ChainTx.objects.get().state == ChainTxState.SENT

    proxy.change = lambda method, params, result: result
    world.settle()
    world.reconcile()
