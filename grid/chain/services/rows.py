"""Changes of outbox rows: each names the state it expects, and commits only as the sender's owner."""

from datetime import datetime
from typing import Any

from grid.chain.locks import Fence
from grid.chain.models import ChainTx, ChainTxState

UNSENT: dict[str, Any] = {
    "address": "",
    "nonce": None,
    "raw": None,
    "tx_hash": None,
    "block_number": None,
    "block_hash": "",
    "block_timestamp": None,
    "gas_used": None,
    "confirmed_at": None,
}
"""The fields of a row that is to be signed anew."""

OUT_OF_GAS, FAILED = "out of gas", "failed"
SPENT = (OUT_OF_GAS, FAILED)
"""Outcomes of versions that are in a block and did nothing there; the row was planned anew since."""

NOT_MINED: dict[str, Any] = {"block_number": None, "block_hash": "", "block_timestamp": None, "gas_used": None}


def change(fence: Fence, row: ChainTx, *, now: datetime, **fields: Any) -> bool:
    """Write fields of a row that is still as it was read; return whether it was.

    Raises Fenced when this process is not the owner any more.
    """
    with fence.writing():
        return write(row, now=now, **fields)


def write(row: ChainTx, *, now: datetime, **fields: Any) -> bool:
    """As `change`, inside a transaction that has checked the fence."""
    found = ChainTx.objects.filter(id=row.id, state=row.state, tx_hash=row.tx_hash)
    if not found.update(updated_at=now, **fields):
        return False
    row.updated_at = now
    for name, value in fields.items():
        setattr(row, name, value)
    return True


def is_fill(row: ChainTx) -> bool:
    """Say whether a row only fills a nonce that would hold up the ones behind it."""
    return not row.contract


LIVE = (ChainTxState.SIGNED, ChainTxState.SENT, ChainTxState.MINED)
"""States of a row whose transaction is on its way."""
