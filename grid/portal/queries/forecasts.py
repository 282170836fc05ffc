"""A home's own forecast, slot by slot."""

from typing import NamedTuple

from grid.forecasts.models import ForecastPoint, ForecastState, Target
from grid.metering.models import MeteringPoint


class Quantiles(NamedTuple):
    """Wh of one slot that 10, 50 and 90 of 100 outcomes stay below."""

    p10: int
    p50: int
    p90: int


def forecast_of(point: MeteringPoint, target: Target, from_slot: int, to_slot: int) -> dict[int, Quantiles]:
    """The newest forecast of each slot in [from_slot, to_slot)."""
    rows = (
        ForecastPoint.objects.filter(
            run__zone=point.zone_id,
            run__point=point,
            run__target=target,
            run__state=ForecastState.DONE,
            run__from_slot__lt=to_slot,
            run__to_slot__gt=from_slot,
            slot__gte=from_slot,
            slot__lt=to_slot,
        )
        .order_by("slot", "run__cutoff")
        .values_list("slot", "p10_wh", "p50_wh", "p90_wh")
    )
    return {slot: Quantiles(p10, p50, p90) for slot, p10, p50, p90 in rows}
