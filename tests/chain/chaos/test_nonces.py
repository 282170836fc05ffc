"""Nonces that others use, and nonces that nobody holds: found, and made up for."""

import pytest

from grid.chain.models import ChainTx, ChainTxState
from grid.chain.services import sender
from tests.chain.chaos.world import World


def test_a_foreign_transaction_before_ours_is_stepped_over(world: World) -> None:
    world.ask(3)
    world.settle()
    world.take_nonce()
    world.ask(5)
    world.settle()
    world.reconcile()


def test_a_foreign_transaction_in_our_place_moves_ours(world: World) -> None:
    """Signed and waiting in the pool, ours is beaten to its nonce.

    What stands behind it was estimated on top of it, so it may run out of gas and be planned again too.
    """
    world.client.call("evm_setAutomine", False)
    first, second = world.ask(3, 5)
    world.send()
    first.refresh_from_db()
    second.refresh_from_db()
    nonces = first.nonce, second.nonce
    world.client.call("anvil_dropTransaction", first.tx_hash)
    world.client.call("evm_setAutomine", True)
    assert world.take_nonce() == nonces[0]
    world.settle()

    world.reconcile()
    first.refresh_from_db()
    assert (first.nonce or 0) > (nonces[1] or 0)
    assert [version.outcome for version in first.versions.order_by("id")] == ["lost to others", "mined"]


@pytest.mark.parametrize("gap", [1, 3])
def test_a_gap_is_filled_with_transactions_to_ourselves(world: World, gap: int) -> None:
    """Foreign transactions vanish with their blocks, and ours behind them could never be mined."""
    for _ in range(gap):
        world.take_nonce()
    world.ask(3, 5)
    world.send()
    world.mine()
    world.client.call("anvil_rollback", gap + 2)
    assert world.client.transaction_count(world.relayer) == world.first_nonce

    sender.confirm_sent(now=world.now)
    world.settle()

    world.reconcile()
    fills = ChainTx.objects.filter(contract="")
    assert sorted(fills.values_list("nonce", flat=True)) == [world.first_nonce + at for at in range(gap)]
    assert {row.business_key for row in fills} == {
        f"fill:{world.relayer}:{world.first_nonce + at}" for at in range(gap)
    }


def test_a_gap_that_somebody_else_closes_needs_no_filling(world: World) -> None:
    world.take_nonce()
    world.ask(3)
    world.send()
    world.mine()
    world.client.call("anvil_rollback", 2)
    world.client.call("evm_setAutomine", False)
    sender.confirm_sent(now=world.now)
    world.send()
    (fill,) = ChainTx.objects.filter(contract="")
    assert (fill.state, fill.nonce) == (ChainTxState.SENT, world.first_nonce)

    world.client.call("anvil_dropTransaction", fill.tx_hash)
    world.client.call("evm_setAutomine", True)
    world.take_nonce()
    world.settle()

    world.reconcile()
    assert not ChainTx.objects.filter(contract="").exists()
