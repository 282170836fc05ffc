"""Which forecasts are wanted: a row per series, to be claimed by the forecast worker."""

from datetime import datetime, timedelta

from django.db import transaction

from grid.accounts.models import Zone
from grid.domain.slots import slot_of
from grid.forecasts.models import ForecastRun, ForecastState, Target
from grid.metering.models import MeteringPoint, PointKind, SlotClose

REFRESH = timedelta(hours=6)
HORIZON_SLOTS = 192
RETRY = timedelta(minutes=15)
CLOSING_LAG_SLOTS = 4


def plan_day_ahead(*, zone: Zone, now: datetime, from_slot: int, to_slot: int) -> int:
    """Ask for import and export forecasts of the zone and of each member point, [from_slot, to_slot).

    The cutoff is `now`: nothing learned later may enter. Repeating it with the same `now` adds nothing.
    Returns how many runs were added. Raises ValueError for an empty horizon or one in the past.
    """
    if not slot_of(int(now.timestamp())) <= from_slot < to_slot:
        raise ValueError(f"slots {from_slot} to {to_slot} are empty or begin before {now.isoformat()}")
    points = MeteringPoint.objects.filter(zone=zone, kind=PointKind.MEMBER, registered_at__lte=now).order_by("id")
    wanted = [
        ForecastRun(
            zone=zone, point=point, target=target, cutoff=now, from_slot=from_slot, to_slot=to_slot, created_at=now
        )
        for point in (None, *points)
        for target in Target.values
    ]
    with transaction.atomic():
        known = ForecastRun.objects.filter(zone=zone, cutoff=now).count()
        ForecastRun.objects.bulk_create(wanted, ignore_conflicts=True)
        return ForecastRun.objects.filter(zone=zone, cutoff=now).count() - known


def plan_due(*, zone: Zone, now: datetime) -> int:
    """Plan the next 48 hours if the zone's last plan is six hours old, or failed.

    Nothing is planned while slots that are over wait to be closed (a back-fill, say): the forecast would
    not see them. A plan whose zone forecast failed (no history yet, say) is tried again after a quarter of an hour.
    Returns how many runs were added.
    """
    with transaction.atomic():
        # Two passes at once would plan twice: their cutoffs differ, so no constraint would stop them.
        Zone.objects.select_for_update().get(pk=zone.pk)
        current = slot_of(int(now.timestamp()))
        if not SlotClose.objects.filter(zone=zone, next_slot__gte=current - CLOSING_LAG_SLOTS).exists():
            return 0
        runs = ForecastRun.objects.filter(zone=zone, point=None).order_by("-cutoff")
        last = runs.first()
        if last is not None:
            failed = runs.filter(cutoff=last.cutoff, state=ForecastState.FAILED).exists()
            if now < last.cutoff + (RETRY if failed else REFRESH):
                return 0
        return plan_day_ahead(zone=zone, now=now, from_slot=current + 1, to_slot=current + 1 + HORIZON_SLOTS)
