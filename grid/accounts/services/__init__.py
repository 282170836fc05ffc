"""What changes in accounts: consents, tokens, and the log of who looked."""

from grid.accounts.services.consents import ConsentTerms, give_consent, note_access, revoke_consent
from grid.accounts.services.tokens import find_token, issue_token, revoke_token
from grid.accounts.services.watching import note_watch

__all__ = [
    "ConsentTerms",
    "find_token",
    "give_consent",
    "issue_token",
    "note_access",
    "note_watch",
    "revoke_consent",
    "revoke_token",
]
