"""A zone's total from its sums is the one that its members' intervals add up to."""

import numpy as np
import pytest

from grid.domain.slots import SLOTS_PER_DAY
from grid.forecasts.models import Target
from grid.forecasts.queries.history import MISSING, SILENT_SLOTS, history, zone_series
from grid.metering.models import Interval, PointKind, Quality
from tests.grid.forecasts.street import DAYS, TODAY, add_history, add_point, make_zone

FIRST = (TODAY - DAYS) * SLOTS_PER_DAY
END = TODAY * SLOTS_PER_DAY
LENGTH = END - FIRST
LOST = {"quality": Quality.MISSING, "import_wh": 0, "export_wh": 0}


@pytest.mark.django_db
@pytest.mark.parametrize("target", list(Target))
def test_sums_say_the_same_as_the_rows(target: Target) -> None:
    zone = make_zone()
    points = [add_point(zone, name) for name in ("steady", "gaps", "late", "silent", "back")]
    for seed, point in enumerate(points):
        add_history(point, seed=seed, pv=seed % 2 == 0)
    add_point(zone, "never")
    feeder = add_point(zone, "feeder", PointKind.FEEDER)
    add_history(feeder, seed=9)
    _, gaps, late, silent, back = points
    Interval.objects.filter(point=gaps, slot__in=[FIRST, FIRST + 40]).update(**LOST)
    Interval.objects.filter(point=gaps, slot=FIRST + 41).delete()
    lost = Interval.objects.get(point=gaps, slot=FIRST + 50)
    lost.version, lost.quality, lost.import_wh, lost.export_wh = 1, Quality.MISSING, 0, 0
    lost.save(force_insert=True)
    Interval.objects.filter(point=late, slot__lt=FIRST + 300).update(**LOST)
    Interval.objects.filter(point=silent, slot__gte=END - SILENT_SLOTS - 9).delete()
    Interval.objects.filter(point=back, slot__gte=END - 40).update(**LOST)

    found = zone_series(zone, target, from_slot=FIRST, to_slot=END)

    rows = history(zone, from_slot=FIRST, to_slot=END, cutoff=None, log_size=10**9)
    np.testing.assert_array_equal(found, rows.series(None, target, LENGTH))
    assert 40 < (found == MISSING).sum() < LENGTH / 2
