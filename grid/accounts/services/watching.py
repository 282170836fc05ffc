"""What a watcher says of itself."""

from collections.abc import Sequence
from datetime import datetime

from grid.accounts.models import Account, User, WatchReport

MOST_ALERTS = 20


def note_watch(
    *, account: Account, user: User, log_size: int, statements: int, alerts: Sequence[str], now: datetime
) -> WatchReport:
    """Keep what a watcher reported last; an earlier report of the same person is replaced."""
    report, _created = WatchReport.objects.update_or_create(
        account=account,
        user=user,
        defaults={
            "checked_at": now,
            "log_size": log_size,
            "statements": statements,
            "alerts": [text[:500] for text in alerts[:MOST_ALERTS]],
        },
    )
    return report
