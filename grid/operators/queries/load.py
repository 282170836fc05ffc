"""A zone's load: metered sums, forecast quantiles, the next peak, and how good the forecast was."""

from dataclasses import dataclass
from typing import NamedTuple

from django.db import connection

from grid.accounts.models import Zone
from grid.domain.slots import SLOTS_PER_DAY
from grid.forecasts.models import ForecastPoint, ForecastRun, ForecastState, Target
from grid.metering.models import PointKind, SlotClose

WEEK = 7 * SLOTS_PER_DAY
HIGH_PERMILLE = 800
"""A forecast peak above this part of the feeder's rating is high, above the whole it is over."""

_SUMS = """
SELECT slot, sum(import_wh)::bigint, sum(export_wh)::bigint FROM (
    SELECT DISTINCT ON (i.point_id, i.slot) i.slot, i.import_wh, i.export_wh
    FROM metering_interval i JOIN metering_meteringpoint p ON p.id = i.point_id
    WHERE p.zone_id = %s AND p.kind = %s AND i.slot >= %s AND i.slot < %s
    ORDER BY i.point_id, i.slot, i.version DESC
) newest GROUP BY slot ORDER BY slot
"""


class Energy(NamedTuple):
    """Import and export of a slot, Wh."""

    import_wh: int
    export_wh: int

    def of(self, target: Target) -> int:
        return self.import_wh if target == Target.IMPORT else self.export_wh


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
    """How a target's forecast did over the slots that have both forecast, reading and last week's reading."""

    target: Target
    slots: int
    error_wh: int
    naive_error_wh: int
    bias_wh: int
    covered: int

    @property
    def mase_permille(self) -> int | None:
        """Mean absolute error against last week's value of the same slot, in thousandths; below 1000 is better."""
        return 1000 * self.error_wh // self.naive_error_wh if self.naive_error_wh else None

    @property
    def mean_error_wh(self) -> int | None:
        return self.error_wh // self.slots if self.slots else None

    @property
    def mean_bias_wh(self) -> int | None:
        """Positive: forecast too high on average."""
        return self.bias_wh // self.slots if self.slots else None

    @property
    def coverage_permille(self) -> int | None:
        """Part of the readings inside P10 to P90; 800 is right."""
        return 1000 * self.covered // self.slots if self.slots else None


def metered(zone: Zone, from_slot: int, to_slot: int, kind: PointKind = PointKind.MEMBER) -> dict[int, Energy]:
    """Sums over the zone's member points (or its feeder point) by slot, newest versions."""
    with connection.cursor() as cursor:
        cursor.execute(_SUMS, [zone.id, kind.value, from_slot, to_slot])
        return {slot: Energy(imported, exported) for slot, imported, exported in cursor.fetchall()}


def forecast(zone: Zone, target: Target, from_slot: int, to_slot: int) -> dict[int, Quantiles]:
    """The newest forecast of the zone's total for each slot."""
    rows = (
        ForecastPoint.objects.filter(
            run__zone=zone,
            run__point=None,
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


def latest_run(zone: Zone, target: Target) -> ForecastRun | None:
    """The newest finished forecast of the zone's total."""
    runs = ForecastRun.objects.filter(zone=zone, point=None, target=target, state=ForecastState.DONE)
    return runs.order_by("-cutoff").first()


def next_peak(zone: Zone, expected: dict[int, Quantiles], now_slot: int) -> Peak | None:
    """The slot to come with the highest P90 import. `permille` is of the feeder's rating."""
    coming = {slot: value for slot, value in expected.items() if slot >= now_slot}
    if not coming:
        return None
    slot = max(coming, key=lambda each: (coming[each].p90, -each))
    return Peak(slot, coming[slot].p50, coming[slot].p90, permille_of_rating(zone, coming[slot].p90))


def permille_of_rating(zone: Zone, wh: int) -> int:
    """A slot's energy as average power, in thousandths of the feeder's rating: 4 slots an hour."""
    return 4000 * wh // zone.feeder_rating_w


def quality(zone: Zone, target: Target, now_slot: int) -> Quality:
    """The last week's forecast errors."""
    first = now_slot - WEEK
    actual = metered(zone, first - WEEK, now_slot)
    expected = forecast(zone, target, first, now_slot)
    error = naive = bias = covered = count = 0
    for slot, value in expected.items():
        if slot not in actual or slot - WEEK not in actual:
            continue
        real = actual[slot].of(target)
        count += 1
        error += abs(value.p50 - real)
        naive += abs(actual[slot - WEEK].of(target) - real)
        bias += value.p50 - real
        covered += value.p10 <= real <= value.p90
    return Quality(target, count, error, naive, bias, covered)


def closed_until(zone: Zone) -> int | None:
    """The first slot that is not closed yet."""
    return SlotClose.objects.filter(zone=zone).values_list("next_slot", flat=True).first()
