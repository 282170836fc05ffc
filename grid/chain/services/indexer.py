"""Reading back what the chain did: blocks with our events, checked by hash, rewound when the chain is."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction

from grid.chain import contracts
from grid.chain.client import Client, Head, connect
from grid.chain.locks import owned
from grid.chain.models import Block, ChainEvent, ChainTx, ChainTxState

log = structlog.get_logger()

WINDOW = 2_000
"""Blocks asked for at once."""


def index(*, now: datetime) -> int:
    """Store the events of our contracts up to the confirmed head; return how many are new.

    The cursor is the highest stored block. Where its hash is no longer the chain's, blocks and events
    are dropped back to the last common one, and transactions mined there are looked for again.
    Raises ChainUnavailable when the node does not answer; what was stored stays.
    """
    with owned("indexer") as mine:
        return _index(connect(), now=now) if mine else 0


def _index(client: Client, *, now: datetime) -> int:
    registry = contracts.registry(client.chain_id)
    if not registry:
        return 0
    head = client.head().number - (settings.CHAIN_CONFIRMATIONS - 1)
    rewind(client, now=now)
    last = Block.objects.order_by("-number").values_list("number", flat=True).first()
    _recheck(client, after=-1 if last is None else last, now=now)
    start = min(deployed.block for deployed in registry.values()) if last is None else last + 1
    found = 0
    while start <= head:
        end = min(start + WINDOW - 1, head)
        stored = _window(client, registry, start, end)
        if stored is None:
            break
        found += stored
        start = end + 1
    return found


@transaction.atomic
def rewind(client: Client, *, now: datetime) -> int:
    """Drop blocks that the chain no longer has; return how many."""
    dropped = []
    for block in Block.objects.order_by("-number").iterator(chunk_size=50):
        current = client.block(block.number)
        if current and current.hash == block.hash:
            break
        dropped.append(block.number)
    if not dropped:
        return 0
    log.warning("chain reorganised", from_block=min(dropped), blocks=len(dropped))
    Block.objects.filter(number__gte=min(dropped)).delete()
    ChainTx.objects.filter(
        block_number__gte=min(dropped), state__in=[ChainTxState.FINAL, ChainTxState.REVERTED]
    ).update(state=ChainTxState.MINED, updated_at=now)
    return len(dropped)


def _recheck(client: Client, *, after: int, now: datetime) -> None:
    """Look again for transactions confirmed in blocks above the cursor that the chain has dropped since."""
    rows = ChainTx.objects.filter(block_number__gt=after, state__in=[ChainTxState.FINAL, ChainTxState.REVERTED]).only(
        "block_number", "block_hash"
    )
    blocks = client.blocks([row.block_number or 0 for row in rows])
    gone = [row.id for row, block in zip(rows, blocks, strict=True) if not block or block.hash != row.block_hash]
    ChainTx.objects.filter(id__in=gone).update(state=ChainTxState.MINED, updated_at=now)


def _window(client: Client, registry: dict[str, contracts.Deployed], start: int, end: int) -> int | None:
    """Store the events of blocks start to end, and the last of them as cursor.

    Returns how many events; None when the chain changed while it was read.
    """
    names = {deployed.address: name for name, deployed in registry.items()}
    query = {"address": list(names), "fromBlock": hex(start), "toBlock": hex(end)}
    logs = client.call("eth_getLogs", query)
    numbers = sorted({int(entry["blockNumber"], 16) for entry in logs} | {end})
    blocks = {block.number: block for block in client.blocks(numbers) if block}
    if any(_hash(blocks, entry) != entry["blockHash"].lower() for entry in logs) or end not in blocks:
        return None
    events = [event for entry in logs if (event := _event(names, entry))]
    with transaction.atomic():
        Block.objects.bulk_create([Block(number=b.number, hash=b.hash, timestamp=b.timestamp) for b in blocks.values()])
        ChainEvent.objects.bulk_create(events, batch_size=1_000)
    return len(events)


def _hash(blocks: dict[int, Head], entry: dict[str, Any]) -> str | None:
    block = blocks.get(int(entry["blockNumber"], 16))
    return block.hash if block else None


def _event(names: dict[str, str], entry: dict[str, Any]) -> ChainEvent | None:
    contract = contracts.contract(names[entry["address"].lower()])
    topics: Sequence[bytes] = [bytes.fromhex(topic[2:]) for topic in entry["topics"]]
    event = contract.event(topics, bytes.fromhex(entry["data"][2:]))
    if event is None:
        return None
    return ChainEvent(
        block_id=int(entry["blockNumber"], 16),
        log_index=int(entry["logIndex"], 16),
        tx_hash=entry["transactionHash"].lower(),
        contract=event.contract,
        name=event.name,
        args=event.args,
    )
