"""Which forecasts are asked for, and when."""

from datetime import timedelta

import pytest

from grid.domain.slots import slot_of
from grid.forecasts.models import ForecastRun, ForecastState, Target
from grid.forecasts.services import plan_day_ahead, plan_due
from grid.metering.models import PointKind, SlotClose
from tests.grid.forecasts.street import NOW, add_point

SLOT = slot_of(int(NOW.timestamp()))


def test_the_zone_and_each_member_get_import_and_export_runs(zone, alice, bob):
    add_point(zone, "feeder", PointKind.FEEDER)
    assert plan_due(zone=zone, now=NOW) == 6
    wanted = set(ForecastRun.objects.values_list("point", "target"))
    assert wanted == {(point, target) for point in (None, alice.pk, bob.pk) for target in Target.values}
    run = ForecastRun.objects.earliest("id")
    assert (run.cutoff, run.from_slot, run.to_slot) == (NOW, SLOT + 1, SLOT + 193)


def test_the_same_plan_twice_is_one_plan(zone, alice):
    plan = {"zone": zone, "now": NOW, "from_slot": SLOT + 1, "to_slot": SLOT + 97}
    assert plan_day_ahead(**plan) == 4
    assert plan_day_ahead(**plan) == 0


def test_a_plan_lasts_six_hours(zone, alice):
    assert plan_due(zone=zone, now=NOW) == 4
    ForecastRun.objects.update(state=ForecastState.DONE)
    later = NOW + timedelta(hours=5, minutes=59)
    SlotClose.objects.update(next_slot=SLOT + 24)
    assert plan_due(zone=zone, now=later) == 0
    assert plan_due(zone=zone, now=NOW + timedelta(hours=6)) == 4


def test_a_failed_plan_is_tried_again_after_a_quarter_of_an_hour(zone, alice):
    plan_due(zone=zone, now=NOW)
    ForecastRun.objects.filter(point=None).update(state=ForecastState.FAILED)
    assert plan_due(zone=zone, now=NOW + timedelta(minutes=14)) == 0
    assert plan_due(zone=zone, now=NOW + timedelta(minutes=15)) == 4


def test_nothing_is_planned_before_the_slots_that_are_over_are_closed(zone, alice):
    SlotClose.objects.update(next_slot=SLOT - 5)
    assert plan_due(zone=zone, now=NOW) == 0
    SlotClose.objects.all().delete()
    assert plan_due(zone=zone, now=NOW) == 0


@pytest.mark.parametrize(("first", "after"), [(SLOT - 1, SLOT + 10), (SLOT + 10, SLOT + 10)])
def test_a_horizon_in_the_past_or_empty_is_refused(zone, first, after):
    with pytest.raises(ValueError, match="empty or begin before"):
        plan_day_ahead(zone=zone, now=NOW, from_slot=first, to_slot=after)
