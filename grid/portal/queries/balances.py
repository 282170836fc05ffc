"""The account's money in escrow, asked from the chain; a chain that does not answer is said, not hidden."""

import logging

from django.core.cache import cache

from grid.accounts.models import Account
from grid.chain.errors import ChainError
from grid.chain.queries import EscrowAccount, escrow_account

logger = logging.getLogger(__name__)

# One page waits for a chain that hangs; the next ones of these seconds say so at once.
SILENT_KEY = "portal.chain_silent"
SILENT_SECONDS = 15


def balance_of(account: Account) -> EscrowAccount | None:
    """The account's escrow balances, or None while the chain does not answer."""
    if cache.get(SILENT_KEY):
        return None
    try:
        return escrow_account(account.address)
    except ChainError as error:
        logger.warning("escrow balance of %s not readable: %s", account.address, error)
        cache.set(SILENT_KEY, True, SILENT_SECONDS)
        return None
