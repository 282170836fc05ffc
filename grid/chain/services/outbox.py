"""The outbox: a call to a contract, written in the same transaction as the rows that want it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from grid.chain import contracts
from grid.chain.keys import SENDERS
from grid.chain.models import ChainAttempt, ChainTx, ChainTxState
from grid.chain.services.rows import FAILED, UNSENT


def enqueue(
    *, business_key: str, sender: str, contract: str, function: str, args: Sequence[Any], now: datetime
) -> ChainTx:
    """Return the outbox row of a call, made now if `business_key` has none yet.

    `sender` names the key that will sign (poster, anchorer, relayer, ...). Arguments: integers, text,
    bytes, addresses as 0x text or 20 bytes, structs as mappings by field name or as sequences.
    Raises ValueError at once when they do not fit the contract's function, ContractUnknown when it
    has none of this name. A repeat returns the first row, whatever its arguments.
    """
    if sender not in SENDERS:
        raise ValueError(f"{sender!r} is no sender; there are {', '.join(SENDERS)}")
    found = ChainTx.objects.filter(business_key=business_key).first()
    if found:
        return found
    stored = contracts.plain(args)
    contracts.contract(contract).calldata(function, stored)
    row, _ = ChainTx.objects.get_or_create(
        business_key=business_key,
        defaults={
            "sender": sender,
            "contract": contract,
            "function": function,
            "args": stored,
            "created_at": now,
            "updated_at": now,
        },
    )
    return row


def retry(*, business_key: str, now: datetime) -> bool:
    """Queue a refused or given-up call again, once its cause is gone; say whether there was one to queue.

    A call that failed in its block used up its nonce, so it can only happen by being signed anew.
    """
    with transaction.atomic():
        refused = ChainTx.objects.filter(
            business_key=business_key, state__in=[ChainTxState.REVERTED, ChainTxState.DEAD]
        )
        ChainAttempt.objects.filter(tx__in=refused, outcome="mined").update(outcome=FAILED)
        fields = {**UNSENT, "state": ChainTxState.QUEUED, "replans": 0, "error": "", "updated_at": now}
        return bool(refused.update(**fields))
