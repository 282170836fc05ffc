"""Reading back what the chain did: blocks with our events, checked by hash, rewound when the chain is."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import structlog
from django.conf import settings

from grid.chain import contracts
from grid.chain.client import Client, Head, connect
from grid.chain.errors import RpcError
from grid.chain.locks import Fence, owned
from grid.chain.models import Block, ChainEvent, ChainTx, ChainTxState
from grid.chain.services import halts

log = structlog.get_logger()

WINDOW = 2_000
"""Blocks asked for at once; fewer where the node finds that too much."""

CONFIRMED = (ChainTxState.FINAL, ChainTxState.REVERTED)


def index(*, now: datetime) -> int:
    """Store the events of our contracts up to the confirmed head; return how many are new.

    The cursor is the highest stored block. Where its hash is no longer the chain's, blocks and events
    are dropped back to the last common one, and transactions mined there are looked for again; the market
    is halted when more confirmed blocks were dropped than CHAIN_REORG_DEPTH.
    Raises ChainUnavailable when the node does not answer; what was stored stays.
    """
    with owned("indexer") as fence:
        return _index(connect(now=now), fence, now=now) if fence else 0


def _index(client: Client, fence: Fence, *, now: datetime) -> int:
    registry = contracts.registry(client.chain_id)
    if not registry:
        return 0
    head = client.head().number - (settings.CHAIN_CONFIRMATIONS - 1)
    _rewind(client, fence, now=now)
    last = Block.objects.order_by("-number").values_list("number", flat=True).first()
    _recheck(client, fence, after=-1 if last is None else last, now=now)
    start = min(deployed.block for deployed in registry.values()) if last is None else last + 1
    found, window = 0, WINDOW
    while start <= head:
        end = min(start + window - 1, head)
        try:
            stored = _window(client, fence, registry, start, end)
        except RpcError:
            if window == 1:
                raise
            window = max(1, window // 4)  # more blocks or events than this node gives at once
            continue
        if stored is None:
            break
        found += stored
        start = end + 1
    return found


def _rewind(client: Client, fence: Fence, *, now: datetime) -> None:
    """Drop blocks that the chain no longer has, with their events."""
    dropped, common = _dropped(client)
    if not dropped:
        return
    log.warning("chain reorganised", from_block=min(dropped), blocks=len(dropped))
    allowed = settings.CHAIN_REORG_DEPTH
    # The halt comes first: killed in between, the next pass finds the same blocks and says the same again.
    if len(dropped) > allowed:
        halts.halt(
            reason=f"The chain dropped {len(dropped)} confirmed blocks or more, from {min(dropped)} on; "
            f"CHAIN_REORG_DEPTH allows {allowed}.",
            now=now,
        )
    with fence.writing():
        Block.objects.filter(number__gt=common).delete()


def _dropped(client: Client) -> tuple[list[int], int]:
    """Return the numbers of stored blocks that the chain has no more, and the highest it still has (or -1)."""
    dropped: list[int] = []
    stored = Block.objects.order_by("-number")
    start, size = 0, 1
    while part := list(stored[start : start + size]):
        for block, current in zip(part, client.blocks([block.number for block in part]), strict=True):
            if current and current.hash == block.hash:
                return dropped, block.number
            dropped.append(block.number)
        start, size = start + size, 50
    return dropped, -1


def _recheck(client: Client, fence: Fence, *, after: int, now: datetime) -> None:
    """Look again for transactions confirmed in blocks above the cursor that the chain has dropped since.

    Those are blocks that were not read yet, and after a rewind all of the dropped ones, stored or not.
    """
    rows = list(ChainTx.objects.filter(block_number__gt=after, state__in=CONFIRMED).only("block_number", "block_hash"))
    if not rows:
        return
    blocks = client.blocks([row.block_number or 0 for row in rows])
    gone = [row.id for row, block in zip(rows, blocks, strict=True) if not block or block.hash != row.block_hash]
    with fence.writing():
        ChainTx.objects.filter(id__in=gone, state__in=CONFIRMED).update(state=ChainTxState.MINED, updated_at=now)


def _window(client: Client, fence: Fence, registry: dict[str, contracts.Deployed], start: int, end: int) -> int | None:
    """Store the events of blocks start to end, and the last of them as cursor.

    Enough blocks before the end are stored too that a reorganisation can be counted as far as it is allowed.
    Returns how many events; None when the chain changed while it was read. A block without logs bears no
    hash in the answer, so the last block is looked at before and after the logs: as long as it is the same one, so
    is everything below it. The cursor is looked at once more too: it may have been dropped since the rewind.
    """
    names = {deployed.address: name for name, deployed in registry.items()}
    query = {"address": list(names), "fromBlock": hex(start), "toBlock": hex(end)}
    cursor = Block.objects.filter(number=start - 1).first()
    last = client.block(end)
    logs = client.call("eth_getLogs", query)
    counted = range(max(start, end - settings.CHAIN_REORG_DEPTH), end + 1)
    numbers = sorted({int(entry["blockNumber"], 16) for entry in logs} | set(counted))
    below = [cursor.number] if cursor else []
    blocks = {block.number: block for block in client.blocks(below + numbers) if block}
    if last is None or blocks.get(end) != last:
        return None
    if any(_hash(blocks, entry) != entry["blockHash"].lower() for entry in logs):
        return None
    if cursor:
        parent = blocks.pop(cursor.number, None)
        if parent is None or parent.hash != cursor.hash:
            return None
    events = [event for entry in logs if (event := _event(names, entry))]
    with fence.writing():
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
