"""Withdrawal requests as the chain's events tell them."""

from dataclasses import dataclass
from typing import Any

from grid.chain import queries as chain_queries


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """A request not yet paid: addresses as 0x text, `amount` in token units, `ready_at` in unix seconds."""

    account: str
    index: int
    to: str
    amount: int
    ready_at: int


def open_requests(account: str | None = None) -> list[OpenRequest]:
    """Return requests that were neither paid, nor cancelled, nor used up by a debit, oldest first."""

    def seen(name: str) -> list[dict[str, Any]]:
        events = chain_queries.events("Escrow", name)
        return [event.args for event in (events.filter(args__account=account) if account else events)]

    closed = {(args["account"], args["index"]) for args in seen("WithdrawalExecuted")}
    closed |= {(args["account"], args["index"]) for args in seen("WithdrawalCancelled")}
    remaining = {(args["account"], args["index"]): args["remaining"] for args in seen("WithdrawalShrunk")}
    found = []
    for args in seen("WithdrawalRequested"):
        key = (args["account"], args["index"])
        amount = remaining.get(key, args["amount"])
        if key not in closed and amount:
            found.append(OpenRequest(key[0], key[1], args["to"], amount, args["readyAt"]))
    return found
