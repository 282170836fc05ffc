"""What a forecast may use: intervals known at the cutoff and inside the log snapshot, never filled."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import numpy as np
import numpy.typing as npt

from grid.accounts.models import Zone
from grid.domain.slots import SLOTS_PER_DAY
from grid.forecasts.models import Target
from grid.metering.models import MeteringPoint, PointKind, Quality
from grid.metering.queries import energy_by_slot, intervals, measured_spans

MISSING = -1
SILENT_SLOTS = 3 * SLOTS_PER_DAY

Energy = npt.NDArray[np.int64]


@dataclass(frozen=True)
class History:
    """Wh per slot of every member point of a zone from `from_slot` on; MISSING where nothing is known."""

    from_slot: int
    points: dict[UUID, dict[Target, Energy]]

    def series(self, point: UUID | None, target: Target, length: int) -> Energy:
        """One point's energy, or with no point the zone's total.

        A slot of the total is missing if a point that reports is missing in it: a partial sum would look
        like low demand. A point reports from its first value on, until it has been silent for three days.
        """
        if point is not None:
            found = self.points.get(point)
            return found[target] if found else np.full(length, MISSING, dtype=np.int64)
        total = np.zeros(length, dtype=np.int64)
        known, partial = np.zeros(length, dtype=bool), np.zeros(length, dtype=bool)
        for parts in self.points.values():
            here = parts[target] != MISSING
            first, last = np.flatnonzero(here)[[0, -1]]
            end = _reports_until(last, length)
            total += np.where(here, parts[target], 0)
            known |= here
            partial[first:end] |= ~here[first:end]
        return np.where(known & ~partial, total, MISSING)


def _reports_until(last: int, length: int) -> int:
    """The end of a point's reporting: it counts as silent once its last value is three days back."""
    return length if length - last <= SILENT_SLOTS else last + 1


def zone_series(zone: Zone, target: Target, *, from_slot: int, to_slot: int) -> Energy:
    """Return what `History.series` says of the zone's total as it is known now, from the zone's sums.

    A slot is whole when as many members have a value in it as report then.
    """
    length = to_slot - from_slot
    total, measured, reporting = (np.zeros(length, dtype=np.int64) for _ in range(3))
    for row in energy_by_slot(zone=zone, from_slot=from_slot, to_slot=to_slot):
        total[row.slot - from_slot] = row.import_wh if target == Target.IMPORT else row.export_wh
        measured[row.slot - from_slot] = row.members - row.missing
    for first, last in measured_spans(zone=zone, from_slot=from_slot, to_slot=to_slot):
        reporting[first - from_slot : _reports_until(last - from_slot, length)] += 1
    return np.where((measured > 0) & (measured == reporting), total, MISSING)


def history(zone: Zone, *, from_slot: int, to_slot: int, cutoff: datetime | None, log_size: int) -> History:
    """Return the zone's members' history of [from_slot, to_slot) as it was known at `cutoff`, or is now.

    Of several versions of an interval the highest that was known counts; missing quality is no value.
    `log_size` is the size of the log the snapshot is taken at, so that a replay reads the same rows.
    """
    length = to_slot - from_slot
    members = MeteringPoint.objects.filter(zone=zone, kind=PointKind.MEMBER)
    ids = dict(members.values_list("number", "pk"))
    rows = intervals(points=ids.values(), from_slot=from_slot, to_slot=to_slot, known_at=cutoff)
    values = rows.filter(log_index__lt=log_size).values_list(
        "point__number", "slot", "import_wh", "export_wh", "quality"
    )
    points: dict[UUID, dict[Target, Energy]] = {}
    for number, slot, bought, sold, quality in values.iterator(20_000):
        if quality == Quality.MISSING:
            continue
        point = ids[number]
        if point not in points:
            points[point] = {target: np.full(length, MISSING, dtype=np.int64) for target in Target}
        points[point][Target.IMPORT][slot - from_slot] = bought
        points[point][Target.EXPORT][slot - from_slot] = sold
    return History(from_slot, points)
