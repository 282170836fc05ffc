"""Comparing all we remember of the chain with the chain: every transaction, nonce, block and event. Changes nothing."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import Count

from grid.chain import contracts
from grid.chain.client import Client
from grid.chain.models import Block, ChainAttempt, ChainEvent, ChainTx, ChainTxState
from grid.chain.nodes import connect
from grid.chain.services.rows import SPENT

PART = 500
WINDOW = 2_000

T = TypeVar("T")


def differences(*, now: datetime) -> Iterator[str]:
    """Yield each point in which database and chain disagree, in words. Raises ChainUnavailable.

    To be asked while nothing moves, or again after a while: what is under way may differ for a moment.
    """
    client = connect(now=now)
    yield from _transactions(client)
    yield from _nonces(client)
    yield from _blocks(client)
    yield from _events(client)


def _transactions(client: Client) -> Iterator[str]:
    """A confirmed row is in its block with the outcome it has here; no other version of it is in any."""
    confirmed = ChainTx.objects.filter(
        state__in=[ChainTxState.FINAL, ChainTxState.REVERTED], block_number__isnull=False
    )
    for rows in _parts(list(confirmed.order_by("id").values_list("id", flat=True))):
        versions = list(ChainAttempt.objects.filter(tx__in=rows).exclude(outcome__in=SPENT).select_related("tx"))
        receipts = client.receipts([version.tx_hash for version in versions])
        for version, receipt in zip(versions, receipts, strict=True):
            row = version.tx
            if version.tx_hash != row.tx_hash:
                if receipt:
                    yield f"{row.business_key}: another version, {version.tx_hash}, is on the chain too"
            elif receipt is None:
                yield f"{row.business_key}: {row.state} here, in no block of the chain ({version.tx_hash})"
            elif receipt["blockHash"].lower() != row.block_hash:
                yield f"{row.business_key}: in block {row.block_hash} here, in {receipt['blockHash']} on the chain"
            elif bool(int(receipt["status"], 16)) != (row.state == ChainTxState.FINAL):
                yield f"{row.business_key}: {row.state} here, status {receipt['status']} on the chain"


def _nonces(client: Client) -> Iterator[str]:
    """From an address's first nonce here to its last on the chain each is held by one row, or failed under one."""
    for address in ChainAttempt.objects.values_list("address", flat=True).distinct().order_by("address"):
        rows = ChainTx.objects.filter(address=address).values_list("nonce", flat=True)
        held = {nonce for nonce in rows if nonce is not None}
        held |= set(ChainAttempt.objects.filter(address=address, outcome__in=SPENT).values_list("nonce", flat=True))
        count = client.transaction_count(address)
        first = min(held, default=count)
        foreign = sorted(set(range(first, count)) - held)
        if foreign:
            named = ", ".join(str(nonce) for nonce in foreign[:10])
            yield f"{address}: {len(foreign)} nonces were used by transactions that no row knows ({named})"


def _blocks(client: Client) -> Iterator[str]:
    for part in _parts(list(Block.objects.order_by("number"))):
        for stored, found in zip(part, client.blocks([block.number for block in part]), strict=True):
            if found is None or found.hash != stored.hash:
                yield f"block {stored.number}: {stored.hash} here, {found.hash if found else 'none'} on the chain"


def _events(client: Client) -> Iterator[str]:
    """Every event of our contracts up to the cursor is stored once, in its place."""
    registry = contracts.registry(client.chain_id)
    last = Block.objects.order_by("-number").values_list("number", flat=True).first()
    if not registry or last is None:
        return
    names = {deployed.address: name for name, deployed in registry.items()}
    start = min(deployed.block for deployed in registry.values())
    for low in range(start, last + 1, WINDOW):
        high = min(low + WINDOW - 1, last)
        query = {"address": list(names), "fromBlock": hex(low), "toBlock": hex(high)}
        logs = [entry for entry in client.call("eth_getLogs", query) if _is_known(names, entry)]
        there = {(int(entry["blockNumber"], 16), int(entry["logIndex"], 16)): entry for entry in logs}
        stored = ChainEvent.objects.filter(block__number__range=(low, high))
        here = {(event.block_id, event.log_index): event for event in stored}
        for place in sorted(there.keys() - here.keys()):
            yield f"block {place[0]}, log {place[1]}: an event on the chain that is not stored"
        for place in sorted(here.keys() - there.keys()):
            yield f"block {place[0]}, log {place[1]}: {here[place].name} is stored and not on the chain"
        for place in sorted(here.keys() & there.keys()):
            if here[place].tx_hash != there[place]["transactionHash"].lower():
                yield f"block {place[0]}, log {place[1]}: of another transaction than stored"


def _is_known(names: dict[str, str], entry: dict[str, Any]) -> bool:
    contract = contracts.contract(names[entry["address"].lower()])
    return bool(entry["topics"]) and bytes.fromhex(entry["topics"][0][2:]) in contract.events


def waiting() -> dict[str, int]:
    """Return how many rows are in each state that is under way."""
    ended = [ChainTxState.FINAL, ChainTxState.REVERTED, ChainTxState.DEAD]
    counted = ChainTx.objects.exclude(state__in=ended).order_by("state").values_list("state")
    return dict(counted.annotate(Count("id")))


def _parts(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), PART):
        yield items[start : start + PART]
