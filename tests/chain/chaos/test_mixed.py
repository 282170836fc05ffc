"""Faults of every kind in an order of chance, seeded: whatever happened, in the end everything reconciles."""

import random
from collections.abc import Iterator
from datetime import timedelta

import pytest
from pytest_django import Settings

from grid.chain import queries
from grid.chain.errors import ChainError
from grid.chain.models import ChainTx
from grid.chain.services import indexer, sender
from tests.chain.chaos.test_fees import GWEI, use
from tests.chain.chaos.world import World
from tests.chain.proxy import Proxy

STEPS = 60


@pytest.fixture
def proxy(world: World, settings: Settings) -> Iterator[Proxy]:
    use(settings, "l2")
    settings.CHAIN_CONFIRMATIONS = 5
    between = Proxy(world.client.url)
    settings.CHAIN_URL = between.url
    world.automine = False
    world.client.call("evm_setAutomine", False)
    yield between
    between.stop()
    world.client.call("evm_setAutomine", True)
    world.client.call("anvil_setNextBlockBaseFeePerGas", "0x0")
    world.client.call("evm_mine")


class Chance:
    """One step after another, drawn by a seed."""

    def __init__(self, world: World, proxy: Proxy, settings: Settings, seed: int) -> None:
        self.world, self.proxy, self.settings = world, proxy, settings
        self.draw = random.Random(seed)
        self.asked = 100
        self.steps = {
            self.ask: 4,
            self.send: 8,
            self.confirm: 8,
            self.index: 4,
            self.block: 8,
            self.reorganise: 2,
            self.pass_time: 3,
            self.base_fee: 2,
            self.lose: 3,
            self.foreign: 1,
            self.drop: 1,
        }

    def step(self) -> None:
        (chosen,) = self.draw.choices(list(self.steps), weights=list(self.steps.values()))
        try:
            chosen()
        except ChainError:
            pass  # the flow notes it and goes on with its next step
        finally:
            self.proxy.lose = lambda method: False

    def ask(self) -> None:
        self.asked += 1
        self.world.ask(self.asked)

    def send(self) -> None:
        sender.send_pending(now=self.world.now)

    def confirm(self) -> None:
        sender.confirm_sent(now=self.world.now)

    def index(self) -> None:
        indexer.index(now=self.world.now)

    def block(self) -> None:
        self.world.fill_block()

    def reorganise(self) -> None:
        self.world.client.call("anvil_reorg", self.draw.randint(1, 3), [])

    def pass_time(self) -> None:
        self.world.now += timedelta(seconds=self.draw.choice([1, 30, 100]))

    def base_fee(self) -> None:
        fee = self.draw.choice([1, 3, 40, 90, 120]) * GWEI
        self.world.client.call("anvil_setNextBlockBaseFeePerGas", hex(fee))
        self.world.client.call("evm_mine")

    def lose(self) -> None:
        """Cut the answer to some request of the next step."""
        left = self.draw.randint(1, 12)

        def counts_down(method: str) -> bool:
            nonlocal left
            left -= 1
            return left == 0

        self.proxy.lose = counts_down
        self.draw.choice([self.send, self.confirm, self.index])()

    def foreign(self) -> None:
        """Somebody else takes the next nonce, whatever of ours waits for it."""
        nonce = self.world.client.transaction_count(self.world.relayer)
        raw = "0x" + self.world.foreign_bytes(nonce, max_fee=500 * GWEI).hex()
        self.world.client.call("eth_sendRawTransaction", raw)

    def drop(self) -> None:
        """The node forgets what waits in its pool."""
        self.world.client.call("anvil_dropAllTransactions")


@pytest.mark.grid("seed", [2], list(range(1, 61)))
def test_mixed_faults_reconcile(world: World, proxy: Proxy, settings: Settings, seed: int) -> None:
    chance = Chance(world, proxy, settings, seed)
    for _ in range(STEPS):
        chance.step()
    world.client.call("anvil_setNextBlockBaseFeePerGas", hex(GWEI))
    world.client.call("evm_mine")
    settings.CHAIN_URL = world.client.url
    world.pace = timedelta(seconds=settings.CHAIN_BUMP_SECONDS)
    world.settle()
    world.reconcile()
    assert queries.halted() is None
    assert ChainTx.objects.filter(contract__gt="").count() == len(world.numbers) > 0
