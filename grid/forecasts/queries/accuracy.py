"""How good the issued forecasts were, against what was metered and against last week's value."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from forecasting.metrics import coverage, mae, mase, pinball
from grid.accounts.models import Zone
from grid.domain.slots import SLOTS_PER_DAY, slot_start, slots_of_day
from grid.forecasts.models import Target
from grid.forecasts.queries.history import MISSING, Energy, history, zone_series
from grid.forecasts.queries.issued import latest_points
from grid.metering.models import MeteringPoint
from grid.records.queries import log_size

WEEK = 7 * SLOTS_PER_DAY
SCALE_SLOTS = 8 * WEEK


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Scores over the slots that were forecast and metered. NaN where nothing can be compared.

    `mase` is the median's error relative to the last-week-naive error of the eight weeks before; below
    1 the forecast beat it. `naive_mae_wh` is last week's value over the same slots.
    """

    slots: int
    mae_wh: float
    naive_mae_wh: float
    mase: float
    pinball_wh: float
    coverage: float


def accuracy(
    zone: Zone,
    point: MeteringPoint | None,
    target: Target,
    *,
    from_slot: int,
    to_slot: int,
    issued_before: datetime,
) -> Accuracy:
    """Score the forecasts of [from_slot, to_slot) issued up to `issued_before`, by what has been metered."""
    start = from_slot - SCALE_SLOTS
    series = _measured(zone, point, target, from_slot=start, to_slot=to_slot).astype("float64")
    series[series == MISSING] = np.nan
    quantiles = np.full((3, to_slot - from_slot), np.nan)
    for slot, row in latest_points(zone, point, target, from_slot, to_slot, issued_before).items():
        quantiles[:, slot - from_slot] = row.p10_wh, row.p50_wh, row.p90_wh
    low, middle, high = quantiles
    actual, past = series[SCALE_SLOTS:], series[:SCALE_SLOTS]
    last_week = series[SCALE_SLOTS - WEEK : len(series) - WEEK]
    losses = [pinball(actual, row, level) for row, level in zip(quantiles, (0.1, 0.5, 0.9), strict=True)]
    return Accuracy(
        slots=int(np.isfinite(actual - middle).sum()),
        mae_wh=mae(actual, middle),
        naive_mae_wh=mae(actual, last_week),
        mase=mase(actual, middle, past, WEEK),
        pinball_wh=float(np.mean(losses)),
        coverage=coverage(actual, low, high),
    )


def _measured(zone: Zone, point: MeteringPoint | None, target: Target, *, from_slot: int, to_slot: int) -> Energy:
    if point is None:
        return zone_series(zone, target, from_slot=from_slot, to_slot=to_slot)
    known = history(zone, from_slot=from_slot, to_slot=to_slot, cutoff=None, log_size=log_size())
    return known.series(point.pk, target, to_slot - from_slot)


def zone_mase(*, zone: Zone, day: int) -> float | None:
    """Return the MASE of the zone's demand on a UTC day, as forecast before the day began; None if unknown."""
    slots = slots_of_day(day)
    scores = accuracy(
        zone,
        None,
        Target.IMPORT,
        from_slot=slots.start,
        to_slot=slots.stop,
        issued_before=slot_start(slots.start),
    )
    return None if np.isnan(scores.mase) else scores.mase
