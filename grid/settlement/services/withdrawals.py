"""Withdrawals: the member's signed request is relayed, and pulled when the delay is over."""

from datetime import datetime

from django.db import transaction

from grid.accounts.models import Account
from grid.chain import queries as chain_queries
from grid.chain import signing
from grid.chain.models import ChainTx
from grid.chain.services import outbox
from grid.domain.refusals import Refused
from grid.domain.signers import address_bytes
from grid.domain.typed_data import digest, struct_hash
from grid.settlement.queries.withdrawals import open_requests


def request(
    *, account: Account, to: bytes, amount: int, nonce: int, deadline: int, signature: bytes, now: datetime
) -> ChainTx:
    """Relay a signed Withdrawal; `to` is the 20-byte receiver, `amount` in token units. Returns its outbox row.

    A repeat returns the first row. Raises Refused: amount_zero, receiver_invalid, deadline_passed,
    signature_invalid, balance_too_small.
    """
    domain = chain_queries.eip712_domain()
    if amount <= 0:
        raise Refused("amount_zero", "The amount must be more than zero.")
    if not any(to) or to == domain.verifying_contract:
        raise Refused("receiver_invalid", "Money cannot be sent to this address.")
    if deadline < now.timestamp():
        raise Refused("deadline_passed", "The signature's deadline has passed: sign again.")
    message: dict[str, int | bytes] = {
        "account": address_bytes(account.address),
        "to": to,
        "amount": amount,
        "nonce": nonce,
        "deadline": deadline,
    }
    signed = digest(domain, "Withdrawal", message)
    if not signing.verify(address_bytes(account.address), signed, signature, now=now):
        raise Refused("signature_invalid", "The signature does not bind this account to this withdrawal.")
    key = f"withdrawal-request:{struct_hash('Withdrawal', message).hex()}"
    known = ChainTx.objects.filter(business_key=key).first()
    if known:
        return known
    free = chain_queries.escrow_account(account.address).free
    if amount > free:
        raise Refused("balance_too_small", f"The free balance is {free} token units, less than {amount}.")
    with transaction.atomic():
        return outbox.enqueue(
            business_key=key,
            sender="relayer",
            contract="Escrow",
            function="requestWithdrawal",
            args=[*message.values(), signature],
            now=now,
        )


def execute_due(*, now: datetime) -> int:
    """Have every request pulled whose delay is over by the chain's own time; return how many are new."""
    due = [item for item in open_requests() if item.ready_at <= now.timestamp()]
    if not due:
        return 0
    chain_time = chain_queries.chain_head().timestamp
    done = 0
    for item in due:
        key = f"withdrawal:{item.account}:{item.index}"
        if item.ready_at > chain_time or ChainTx.objects.filter(business_key=key).exists():
            continue
        with transaction.atomic():
            outbox.enqueue(
                business_key=key,
                sender="relayer",
                contract="Escrow",
                function="executeWithdrawal",
                args=[item.account, item.index],
                now=now,
            )
        done += 1
    return done
