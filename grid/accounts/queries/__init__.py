"""What others ask of accounts: who may see and do what, by membership, role, consent or token."""

from grid.accounts.queries.consents import (
    access_log_of,
    consents_given,
    consents_received,
    standing_consents,
    third_parties,
    watch_reports,
)
from grid.accounts.queries.people import (
    DemoPerson,
    accounts_of,
    demo_people,
    may_act,
    may_view,
    roles_of,
    viewable_account,
    zones_with_role,
)
from grid.accounts.queries.tokens import tokens_of

__all__ = [
    "DemoPerson",
    "access_log_of",
    "accounts_of",
    "consents_given",
    "consents_received",
    "demo_people",
    "may_act",
    "may_view",
    "roles_of",
    "standing_consents",
    "third_parties",
    "tokens_of",
    "viewable_account",
    "watch_reports",
    "zones_with_role",
]
