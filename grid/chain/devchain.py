"""A development chain (anvil): its accounts are given ether, its time follows the platform's clock."""

import contextlib
from collections.abc import Iterable
from datetime import datetime

from django.conf import settings

from grid.chain.client import Client
from grid.chain.errors import RpcError
from grid.chain.nodes import connect

FUNDS_WEI = 10**24


def follows_clock() -> bool:
    """Say whether the chain takes its time from us; a real chain never does."""
    return bool(settings.CHAIN_FOLLOWS_CLOCK)


def fund(client: Client, addresses: Iterable[str]) -> None:
    """Give each address enough ether for any number of transactions."""
    client.call_many([("anvil_setBalance", [address, hex(FUNDS_WEI)]) for address in addresses])


def set_next_time(client: Client, *, now: datetime) -> None:
    """Let the next block, and calls on top of the pending one, have the platform's time.

    Where the chain is ahead already its own time stays: time on chain never goes back.
    """
    with contextlib.suppress(RpcError):
        client.call("evm_setNextBlockTimestamp", int(now.timestamp()))


def mine_now(*, now: datetime) -> None:
    """Mine an empty block with the platform's time, so that what waits for time on chain sees it pass.

    Does nothing on a chain that has its own time.
    """
    if not follows_clock():
        return
    client = connect()
    if client.head().timestamp < int(now.timestamp()):
        set_next_time(client, now=now)
        client.call("evm_mine")
