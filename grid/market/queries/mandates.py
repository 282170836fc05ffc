"""Mandates and how they stand on the chain."""

from collections.abc import Sequence

from grid.accounts.models import Account
from grid.chain import queries as chain_queries
from grid.chain.models import ChainTxState
from grid.market.models import Mandate

_REFUSED = (ChainTxState.REVERTED, ChainTxState.DEAD)


def active(*, accounts: Sequence[int], first_day: int, last_day: int) -> list[Mandate]:
    """Return the mandates of accounts (primary keys) that cover any of the days, refused ones left out."""
    return list(
        Mandate.objects.filter(account_id__in=accounts, valid_from_day__lte=last_day, valid_to_day__gt=first_day)
        .exclude(chain_tx__state__in=_REFUSED)
        .select_related("account", "chain_tx")
    )


def covered_until(account: Account) -> int | None:
    """Return the first day that no mandate of the account covers any more, or None without a mandate."""
    ends = [
        mandate.valid_to_day
        if mandate.end_day is None or (mandate.end_tx and mandate.end_tx.state in _REFUSED)
        else mandate.end_day
        for mandate in account.mandates.exclude(chain_tx__state__in=_REFUSED).select_related("end_tx")
    ]
    return max(ends, default=None)


def last_settled_day() -> int | None:
    """Return the newest delivery day that a run has been posted for, in any zone."""
    return max((event.args["day"] for event in chain_queries.events("Settlement", "RunPosted")), default=None)


def index_on_chain(mandate: Mandate) -> int | None:
    """Return the mandate's number in its account's list in Escrow, or None before it is registered."""
    terms = "0x" + bytes(mandate.terms_hash).hex()
    for event in chain_queries.events("Escrow", "MandateRegistered", account=mandate.account.address):
        if event.args["termsHash"] == terms and event.args["validFromDay"] == mandate.valid_from_day:
            return int(event.args["mandateIndex"])
    return None
