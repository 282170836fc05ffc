"""Confirming: which version of a row was mined, how deep its block is, and what became of the others.

A row is FINAL, or REVERTED, once its block is deep enough. A transaction that was lost, or whose block the
chain dropped, is broadcast again: the same bytes, so it cannot happen twice. Where a foreign transaction took
its nonce, and that is confirmed and the transaction found, the row is planned again under a new one.
"""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from django.conf import settings

from grid.chain.client import Client, Head
from grid.chain.errors import RpcError
from grid.chain.locks import Fence, owned
from grid.chain.models import ChainAttempt, ChainTx, ChainTxState
from grid.chain.nodes import connect
from grid.chain.services import halts
from grid.chain.services.reverts import why_failed
from grid.chain.services.rows import NOT_MINED, OUT_OF_GAS, SPENT, UNSENT, change, is_fill, write

log = structlog.get_logger()

SWEEP = 500
LOST = "lost to others"
OUT_OF_GAS_PERCENT = 95
"""A failed transaction that used so much of its gas had too little; what an inner call keeps back is less."""

MOST_REPLANS = 3
"""A row is planned again so often; then a person has to see who takes its nonces, or what takes its gas."""


def confirm_sent(*, now: datetime) -> int:
    """Look for what was broadcast; return how many rows changed. Rows of a sender that is busy are left to it.

    Raises ChainUnavailable when no node answers; every row keeps its state.
    """
    open_rows = ChainTx.objects.filter(state__in=[ChainTxState.SENT, ChainTxState.MINED])
    if not open_rows.exists():
        return 0
    client = connect(now=now)
    with contextlib.ExitStack() as stack:
        fences: dict[str, Fence] = {}
        for name in sorted(set(open_rows.values_list("sender", flat=True))):
            fence = stack.enter_context(owned(f"sender.{name}"))
            if fence:
                fences[name] = fence
        rows = open_rows.filter(sender__in=fences).order_by("id").prefetch_related("versions")
        return _confirm(client, list(rows[:SWEEP]), fences, now=now)


@dataclass(frozen=True, slots=True)
class _Mined:
    """A version that is in a block of the chain."""

    version: ChainAttempt
    receipt: dict[str, Any]
    block: Head


def _confirm(client: Client, rows: Sequence[ChainTx], fences: dict[str, Fence], *, now: datetime) -> int:
    head = client.head()
    mined, unclear = _mined(client, rows)
    changed, absent = 0, []
    for row in rows:
        if row.id in mined:
            changed += _note_mined(client, fences[row.sender], row, mined[row.id], head, now=now)
        elif row.id not in unclear:
            absent.append(row)
    if absent:
        changed += _note_absent(client, absent, fences, head, now=now)
    return changed


def _mined(client: Client, rows: Sequence[ChainTx]) -> tuple[dict[int, _Mined], set[int]]:
    """Return which version of each row is mined, and the rows whose block the node is changing right now."""
    versions = [version for row in rows for version in _open_versions(row)]
    receipts = client.receipts([version.tx_hash for version in versions])
    numbers = sorted({int(receipt["blockNumber"], 16) for receipt in receipts if receipt})
    blocks = {block.number: block for block in client.blocks(numbers) if block}
    mined: dict[int, _Mined] = {}
    unclear: set[int] = set()
    for version, receipt in zip(versions, receipts, strict=True):
        if receipt is None:
            continue
        block = blocks.get(int(receipt["blockNumber"], 16))
        if block and block.hash == receipt["blockHash"].lower():
            mined[version.tx_id] = _Mined(version, receipt, block)
        else:
            unclear.add(version.tx_id)
    return mined, unclear


def _open_versions(row: ChainTx) -> list[ChainAttempt]:
    """Return the versions that may still come into a block, or are in one and did what the row wants."""
    return [version for version in row.versions.all() if version.outcome not in SPENT]


def _note_mined(client: Client, fence: Fence, row: ChainTx, found: _Mined, head: Head, *, now: datetime) -> int:
    before = (row.state, row.block_hash)
    version, block = found.version, found.block
    fields: dict[str, Any] = {
        "address": version.address,
        "nonce": version.nonce,
        "raw": bytes(version.raw),
        "tx_hash": version.tx_hash,
        "block_number": block.number,
        "block_hash": block.hash,
        "block_timestamp": block.timestamp,
        "gas_used": int(found.receipt["gasUsed"], 16),
        "state": ChainTxState.MINED,
        "error": "",
    }
    if head.number - block.number + 1 >= settings.CHAIN_CONFIRMATIONS:
        fields |= {"state": ChainTxState.FINAL, "confirmed_at": row.confirmed_at or now}
        if not int(found.receipt["status"], 16):
            if _ran_out(version, fields["gas_used"]) and row.replans < MOST_REPLANS:
                return _plan_more_gas(fence, row, version, now=now)
            row.block_number = block.number
            fields |= {"state": ChainTxState.REVERTED, "error": why_failed(client, row)}
            log.warning("transaction reverted", key=row.business_key, reason=fields["error"])
    if (fields["state"], block.hash) == before:
        return 0
    with fence.writing():
        if not write(row, now=now, **fields):
            return 0
        row.versions.filter(outcome="").exclude(id=version.id).update(outcome="replaced")
        row.versions.filter(id=version.id).update(outcome="mined")
    return 1


def _ran_out(version: ChainAttempt, used: int) -> bool:
    return used * 100 >= version.gas * OUT_OF_GAS_PERCENT


def _plan_more_gas(fence: Fence, row: ChainTx, version: ChainAttempt, *, now: datetime) -> int:
    """Plan a row anew that ran out of gas: it was estimated on top of transactions that did not come before it."""
    told = f"It ran out of gas ({version.gas}); planned again."
    log.warning("out of gas", key=row.business_key, tx_hash=version.tx_hash, gas=version.gas)
    with fence.writing():
        row.versions.filter(outcome="").exclude(id=version.id).update(outcome="replaced")
        row.versions.filter(id=version.id).update(outcome=OUT_OF_GAS)
        fields = {**UNSENT, "state": ChainTxState.QUEUED, "replans": row.replans + 1, "error": told}
        return int(write(row, now=now, **fields))


def _note_absent(
    client: Client, rows: Sequence[ChainTx], fences: dict[str, Fence], head: Head, *, now: datetime
) -> int:
    """Decide about rows without a receipt: still waiting, lost, or beaten to their nonce by another transaction.

    The counts are read first and the receipts again after them, on one and the same confirmed block: so a
    nonce that counts as used, by none of our versions, was used by somebody else.
    """
    addresses = sorted({row.address for row in rows})
    confirmed = client.block(max(0, head.number - settings.CHAIN_CONFIRMATIONS + 1))
    if confirmed is None:
        return 0
    now_used = {address: client.transaction_count(address) for address in addresses}
    for_good = {address: client.transaction_count_at(address, hex(confirmed.number)) for address in addresses}
    mined, unclear = _mined(client, rows)
    known = client.known([version.tx_hash for row in rows for version in _open_versions(row)])
    if client.block(confirmed.number) != confirmed:
        return 0
    changed = 0
    for row in rows:
        nonce, fence = row.nonce or 0, fences[row.sender]
        if row.id in mined or row.id in unclear:
            continue  # mined this moment: the next pass sees it
        if nonce < for_good[row.address]:
            taker = _taker(client, row.address, nonce, confirmed)
            if taker is None or any(taker == version.tx_hash for version in row.versions.all()):
                changed += _note(
                    fence, row, f"Nonce {nonce} is used, by a transaction the node does not show.", now=now
                )
            else:
                changed += _replan(fence, row, taker, now=now)
        elif nonce < now_used[row.address]:
            told = f"Another transaction took nonce {nonce}; planned again once that is confirmed."
            changed += _note(fence, row, told, now=now)
        elif row.state == ChainTxState.MINED or not any(item.tx_hash in known for item in _open_versions(row)):
            changed += _lost(fence, row, now=now)
    return changed


def _taker(client: Client, address: str, nonce: int, confirmed: Head) -> str | None:
    """Return the hash of the confirmed transaction that used a nonce of `address`; None where it cannot be found.

    A node that merely shows no receipt of ours (it lies, or its index lags) must not make us sign a second time:
    only the foreign transaction itself proves that ours can never be mined. Counts tell the block it is in.
    """
    below, block, step = confirmed.number, confirmed.number, 1
    try:
        while below >= 0 and client.transaction_count_at(address, hex(below)) > nonce:
            below, block, step = below - step, below, 2 * step
        below = max(below, -1)
        while block - below > 1:
            middle = (below + block) // 2
            if client.transaction_count_at(address, hex(middle)) > nonce:
                block = middle
            else:
                below = middle
        found = client.call("eth_getBlockByNumber", hex(block), True)
        for item in found["transactions"]:
            if item["from"].lower() == address and int(item["nonce"], 16) == nonce:
                return str(item["hash"]).lower()
    except (RpcError, KeyError, TypeError, ValueError, AttributeError):
        return None  # the node has no state so old, or does not show the block
    return None


def _replan(fence: Fence, row: ChainTx, taker: str, *, now: datetime) -> int:
    """Plan a row anew whose nonce a foreign transaction used, by its business key and under a new nonce."""
    log.warning("nonce used by others", key=row.business_key, sender=row.sender, nonce=row.nonce, by=taker)
    if row.confirmed_at:
        halts.halt(reason=f"{_final(row)}, and another transaction has its nonce {row.nonce} now.", now=now)
    if is_fill(row):  # the gap is closed, by whomever
        with fence.writing():
            row.delete()
        return 1
    given_up = row.replans >= MOST_REPLANS
    state = ChainTxState.DEAD if given_up else ChainTxState.QUEUED
    told = f"Another transaction ({taker}) took nonce {row.nonce}" + ("; given up." if given_up else "; planned again.")
    with fence.writing():
        row.versions.filter(outcome="").update(outcome=LOST)
        return int(write(row, now=now, **{**UNSENT, "state": state, "replans": row.replans + 1, "error": told}))


def _note(fence: Fence, row: ChainTx, told: str, *, now: datetime) -> int:
    """Keep a row whose nonce is used as broadcast, and say what is known about it."""
    if (row.state, row.error) == (ChainTxState.SENT, told):
        return 0
    return int(change(fence, row, now=now, state=ChainTxState.SENT, error=told, **NOT_MINED))


def _lost(fence: Fence, row: ChainTx, *, now: datetime) -> int:
    """Have a row broadcast again that the node no longer has; halt the market where it had been final."""
    if row.confirmed_at:
        halts.halt(reason=f"{_final(row)}, and is in no block of the chain now.", now=now)
    with fence.writing():
        row.versions.exclude(outcome__in=[LOST, *SPENT]).update(outcome="")
        fields = {**NOT_MINED, "state": ChainTxState.SIGNED, "confirmed_at": None}
        return int(write(row, now=now, **fields))


def _final(row: ChainTx) -> str:
    return f"{row.business_key or row.tx_hash} was final in block {row.block_number}"
