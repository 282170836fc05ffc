"""Forecasts as they were issued."""

from dataclasses import dataclass
from datetime import datetime

from grid.accounts.models import Zone
from grid.forecasts.models import ForecastPoint, ForecastRun, ForecastState, Target
from grid.metering.models import MeteringPoint


@dataclass(frozen=True, slots=True)
class Issued:
    """One slot's quantiles in Wh, and the run they come from."""

    slot: int
    p10_wh: int
    p50_wh: int
    p90_wh: int
    run_id: int


def latest_pair(zone: Zone, *, issued_before: datetime) -> tuple[ForecastRun, ForecastRun] | None:
    """Return the zone's newest finished export and import runs of one cutoff: supply, then demand."""
    runs = ForecastRun.objects.filter(
        zone=zone, point=None, state=ForecastState.DONE, cutoff__lte=issued_before, finished_at__lte=issued_before
    )
    supply: dict[datetime, ForecastRun] = {}
    demand: dict[datetime, ForecastRun] = {}
    for run in runs.order_by("-cutoff", "target")[:20]:
        (supply if run.target == Target.EXPORT else demand)[run.cutoff] = run
    both = [cutoff for cutoff in supply if cutoff in demand]
    return (supply[max(both)], demand[max(both)]) if both else None


def points_of(run: ForecastRun) -> dict[int, Issued]:
    """Return all slots of one run."""
    rows = ForecastPoint.objects.filter(run=run).values_list("slot", "p10_wh", "p50_wh", "p90_wh", "run_id")
    return {row[0]: Issued(*row) for row in rows}


def latest_points(
    zone: Zone,
    point: MeteringPoint | None,
    target: Target,
    from_slot: int,
    to_slot: int,
    issued_before: datetime,
) -> dict[int, Issued]:
    """Return each slot of [from_slot, to_slot) as last forecast with a cutoff up to `issued_before`.

    No point means the zone's total. A slot that no finished run covers is absent.
    """
    rows = (
        ForecastPoint.objects.filter(
            run__zone=zone,
            run__point=point,
            run__target=target,
            run__state=ForecastState.DONE,
            run__cutoff__lte=issued_before,
            run__from_slot__lt=to_slot,
            run__to_slot__gt=from_slot,
            slot__gte=from_slot,
            slot__lt=to_slot,
        )
        .order_by("slot", "-run__cutoff")
        .distinct("slot")
        .values_list("slot", "p10_wh", "p50_wh", "p90_wh", "run_id")
    )
    return {row[0]: Issued(*row) for row in rows}
