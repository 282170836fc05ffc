"""A home's own forecast, slot by slot."""

from datetime import datetime
from typing import NamedTuple

from grid.forecasts.models import Target
from grid.forecasts.queries import latest_points
from grid.metering.models import MeteringPoint


class Quantiles(NamedTuple):
    """Wh of one slot that 10, 50 and 90 of 100 outcomes stay below."""

    p10: int
    p50: int
    p90: int


def forecast_of(point: MeteringPoint, target: Target, slots: range, *, now: datetime) -> dict[int, Quantiles]:
    """The newest forecast of each slot."""
    found = latest_points(point.zone, point, target, slots.start, slots.stop, now)
    return {slot: Quantiles(row.p10_wh, row.p50_wh, row.p90_wh) for slot, row in found.items()}
