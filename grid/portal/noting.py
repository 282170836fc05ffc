"""Writing into members' access logs, before their data is handed to anybody who is no member."""

from collections.abc import Iterable
from datetime import datetime

from grid.accounts.models import DataSet, User
from grid.accounts.services import note_access
from grid.portal.queries.access import Grant


def note(user: User, grants: Iterable[Grant], data_set: DataSet, what: str, *, now: datetime) -> None:
    """Note once for each account that the person reads it; members leave no trace."""
    noted: set[int] = set()
    for grant in grants:
        if grant.is_member or grant.account.pk in noted:
            continue
        noted.add(grant.account.pk)
        note_access(account=grant.account, user=user, consent=grant.consent, data_set=data_set, what=what, now=now)
