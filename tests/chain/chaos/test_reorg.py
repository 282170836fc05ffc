"""Blocks dropped at each state of a row: rolled back, broadcast again, and in the end as if nothing had been."""

import pytest
from pytest_django import Settings

from grid.chain import queries
from grid.chain.client import Client
from grid.chain.errors import ChainUnavailable
from grid.chain.models import ChainTx, ChainTxState
from grid.chain.services import indexer, sender
from tests.chain.chaos.world import World

STATES = ("queued", "signed", "sent", "mined", "final")


def reach(world: World, state: str, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bring three deposits to a state, on top of blocks that a reorganisation may drop."""
    settings.CHAIN_CONFIRMATIONS = 5 if state == "mined" else 1
    for _ in range(4):
        world.fill_block()
    world.ask(3, 5, 8)
    if state == "queued":
        return
    if state == "sent":
        world.client.call("evm_setAutomine", False)
    if state == "signed":
        with monkeypatch.context() as broken:
            broken.setattr(Client, "call", _unless_broadcast(Client.call))
            with pytest.raises(ChainUnavailable):
                world.send()
    else:
        world.send()
    if state in ("mined", "final"):
        world.mine()
        sender.confirm_sent(now=world.now)
    if state == "final":
        indexer.index(now=world.now)


def _unless_broadcast(real: object) -> object:
    def call(self: Client, method: str, *params: object) -> object:
        if method == "eth_sendRawTransaction":
            raise ChainUnavailable("cut off")
        return real(self, method, *params)  # type: ignore[operator]

    return call


@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize("state", STATES)
def test_a_reorganisation_at_every_state(
    world: World, settings: Settings, monkeypatch: pytest.MonkeyPatch, state: str, depth: int
) -> None:
    reach(world, state, settings, monkeypatch)
    found = set(ChainTx.objects.values_list("state", flat=True))
    assert found == {state} if state != "signed" else found == {ChainTxState.SIGNED, ChainTxState.QUEUED}
    raws = {row.id: bytes(row.raw) for row in ChainTx.objects.exclude(raw=None)}

    world.client.call("anvil_reorg", depth, [])
    world.client.call("evm_setAutomine", True)
    world.settle()

    world.reconcile()
    assert {row.id: bytes(row.raw or b"") for row in ChainTx.objects.filter(id__in=raws)} == raws, "signed anew"
    assert (queries.halted() is not None) == (state == "final")


def test_a_transaction_replaced_by_a_foreign_one_is_planned_again(world: World, settings: Settings) -> None:
    """The new chain holds another transaction with our nonce: the row goes on under the next one."""
    settings.CHAIN_CONFIRMATIONS = 3
    (row,) = world.ask(3)
    world.work()
    row.refresh_from_db()
    assert row.state == ChainTxState.MINED
    first = row.nonce or 0
    raw = "0x" + world.foreign_bytes(first).hex()

    world.client.call("anvil_reorg", 1, [[raw, 0]])
    world.work()
    row.refresh_from_db()
    assert (row.state, row.nonce) == (ChainTxState.SENT, first), "not before the other one is confirmed"
    assert "planned again once that is confirmed" in row.error
    assert [found.id for found in queries.troubled(now=world.now)] == [row.id]
    world.settle()

    world.reconcile()
    row.refresh_from_db()
    assert (row.nonce, row.replans) == (first + 1, 1)


def test_a_foreign_transaction_that_is_dropped_again_leaves_the_row_its_nonce(world: World, settings: Settings) -> None:
    settings.CHAIN_CONFIRMATIONS = 3
    (row,) = world.ask(3)
    world.work()
    row.refresh_from_db()
    raw = bytes(row.raw or b"")
    world.client.call("anvil_reorg", 1, [["0x" + world.foreign_bytes(row.nonce or 0).hex(), 0]])
    world.work()
    world.client.call("anvil_rollback", 1)
    world.settle()

    world.reconcile()
    row.refresh_from_db()
    assert (bytes(row.raw or b""), row.replans) == (raw, 0)


def test_reorganisations_one_after_another(world: World, settings: Settings) -> None:
    settings.CHAIN_CONFIRMATIONS = 4
    for number, depth in ((3, 1), (5, 3), (8, 2), (13, 3)):
        world.ask(number)
        world.work()
        world.fill_block()
        world.client.call("anvil_reorg", depth, [])
    world.settle()
    world.reconcile()
    assert queries.halted() is None
