"""A zone's load: metered sums, forecast quantiles, the next peak, and how good the forecast was."""

from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from typing import NamedTuple

from django.core.cache import cache

from grid.accounts.models import Zone
from grid.domain.slots import SLOTS_PER_DAY
from grid.forecasts.models import ForecastRun, ForecastState, Target
from grid.forecasts.queries import accuracy, latest_points
from grid.metering.models import SlotClose
from grid.metering.queries import SlotTotal, energy_by_slot

WEEK = 7 * SLOTS_PER_DAY
HIGH_PERMILLE = 800
"""A forecast peak above this part of the feeder's rating is high, above the whole it is over."""
QUALITY_SECONDS = 3600


class Quantiles(NamedTuple):
    """Wh of one slot that 10, 50 and 90 of 100 outcomes stay below."""

    p10: int
    p50: int
    p90: int


@dataclass(frozen=True)
class Peak:
    """The highest expected load to come, against the feeder's rating."""

    slot: int
    p50_wh: int
    p90_wh: int
    permille: int

    @property
    def level(self) -> str:
        """`over`, `high` or `ok`, by the load that 9 of 10 outcomes stay below."""
        return "over" if self.permille > 1000 else "high" if self.permille > HIGH_PERMILLE else "ok"


@dataclass(frozen=True)
class Quality:
    """Scores of the last week's forecasts in integers; None where nothing can be compared.

    `mase_permille` below 1000 beats last week's value of the same slot; `coverage_permille` of 800 is right
    for a band from P10 to P90. Errors in Wh per slot.
    """

    target: Target
    slots: int
    mase_permille: int | None
    error_wh: int | None
    naive_error_wh: int | None
    coverage_permille: int | None


def metered(zone: Zone, slots: range) -> dict[int, SlotTotal]:
    """The zone's closed slots."""
    rows = energy_by_slot(zone=zone, from_slot=slots.start, to_slot=slots.stop)
    return {row.slot: row for row in rows}


def energy_of(total: SlotTotal, target: Target) -> int:
    """The members' import or export in a slot, Wh."""
    return total.import_wh if target == Target.IMPORT else total.export_wh


def forecast(zone: Zone, target: Target, slots: range, *, now: datetime) -> dict[int, Quantiles]:
    """The newest forecast of the zone's total for each slot."""
    found = latest_points(zone, None, target, slots.start, slots.stop, now)
    return {slot: Quantiles(row.p10_wh, row.p50_wh, row.p90_wh) for slot, row in found.items()}


def latest_run(zone: Zone, target: Target, *, now: datetime) -> ForecastRun | None:
    """The newest finished forecast of the zone's total."""
    runs = ForecastRun.objects.filter(zone=zone, point=None, target=target, state=ForecastState.DONE, cutoff__lte=now)
    return runs.order_by("-cutoff").first()


def next_peak(zone: Zone, expected: dict[int, Quantiles]) -> Peak | None:
    """The slot with the highest P90 import. `permille` is of the feeder's rating."""
    if not expected:
        return None
    slot = max(expected, key=lambda each: (expected[each].p90, -each))
    return Peak(slot, expected[slot].p50, expected[slot].p90, permille_of_rating(zone, expected[slot].p90))


def permille_of_rating(zone: Zone, wh: int) -> int:
    """A slot's energy as average power, in thousandths of the feeder's rating: 4 slots an hour."""
    return 4000 * wh // zone.feeder_rating_w


def quality(zone: Zone, target: Target, closed: int, *, now: datetime) -> Quality:
    """Scores over the week before slot `closed`; computed once per closed day, it reads months of intervals."""
    key = f"operators.quality.{zone.id}.{target}.{closed // SLOTS_PER_DAY}"
    found: Quality | None = cache.get(key)
    if found is None:
        scores = accuracy(zone, None, target, from_slot=closed - WEEK, to_slot=closed, issued_before=now)
        found = Quality(
            target,
            scores.slots,
            _integer(1000 * scores.mase),
            _integer(scores.mae_wh),
            _integer(scores.naive_mae_wh),
            _integer(1000 * scores.coverage),
        )
        cache.set(key, found, QUALITY_SECONDS)
    return found


def closed_until(zone: Zone) -> int | None:
    """The first slot that is not closed yet."""
    return SlotClose.objects.filter(zone=zone).values_list("next_slot", flat=True).first()


def _integer(value: float) -> int | None:
    """A score as a whole number, rounded half to even; None for NaN."""
    return round(value) if isfinite(value) else None
