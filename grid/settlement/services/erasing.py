"""What settlement still needs a point's month for: runs that can be disputed."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from uuid import UUID

from grid.domain.slots import date_of_day, day_of_date
from grid.metering.models import MeteringPoint
from grid.records.services.erasure import Needed, register_guard
from grid.settlement.models import RunState, SettlementRun


def register() -> None:
    """Take part in erasures."""
    register_guard(_needed)


def _needed(scope: UUID, period: date, now: datetime) -> Iterator[Needed]:
    """Yield the runs of the month's days that are not final, or whose challenge window is open."""
    point = MeteringPoint.objects.filter(id=scope).first()
    if point is None:
        return
    after = (period + timedelta(days=31)).replace(day=1)
    runs = SettlementRun.objects.filter(
        zone=point.zone_id, day__gte=day_of_date(period), day__lt=day_of_date(after)
    ).exclude(state=RunState.REJECTED)
    for run in runs.order_by("day", "sequence"):
        if run.state != RunState.FINAL or run.final_at is None or run.final_at > now:
            what = f"the settlement of {date_of_day(run.day):%Y-%m-%d}"
            yield Needed(what, run.final_at)
