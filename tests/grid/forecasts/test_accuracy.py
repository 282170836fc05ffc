"""Issued forecasts, and how they are scored."""

import math
from datetime import timedelta

import pytest

from grid.domain.slots import SLOTS_PER_DAY, slot_start, slots_of_day
from grid.forecasts.models import ForecastPoint, ForecastRun, ForecastState, Target
from grid.forecasts.queries import accuracy, latest_pair, latest_points, zone_mase
from grid.metering.models import Interval
from tests.grid.forecasts.street import TODAY

DAY = TODAY - 1
SLOTS = slots_of_day(DAY)
MIDNIGHT = slot_start(SLOTS.start)


def issue(zone, *, point=None, target=Target.IMPORT, hours_before=1.0, offset=0, band=1_000, state=ForecastState.DONE):
    """A forecast of the day before today that is wrong by `offset` Wh in every slot."""
    cutoff = MIDNIGHT - timedelta(hours=hours_before)
    run = ForecastRun.objects.create(
        zone=zone,
        point=point,
        target=target,
        cutoff=cutoff,
        from_slot=SLOTS.start,
        to_slot=SLOTS.stop,
        state=state,
        created_at=cutoff,
        finished_at=cutoff,
    )
    actual = dict.fromkeys(SLOTS, 0)
    for slot, energy in Interval.objects.filter(slot__in=SLOTS).values_list("slot", f"{target.value}_wh"):
        actual[slot] += energy
    ForecastPoint.objects.bulk_create(
        ForecastPoint(run=run, slot=slot, p10_wh=wh + offset - band, p50_wh=wh + offset, p90_wh=wh + offset + band)
        for slot, wh in actual.items()
    )
    return run


def test_the_error_is_measured_in_wh_and_against_last_week(zone, alice):
    issue(zone, offset=7)
    scores = accuracy(zone, None, Target.IMPORT, from_slot=SLOTS.start, to_slot=SLOTS.stop, issued_before=MIDNIGHT)
    assert scores.slots == SLOTS_PER_DAY - 2  # two slots are not closed yet
    assert scores.mae_wh == pytest.approx(7)
    assert scores.naive_mae_wh > 0
    assert 0 < scores.mase < 2
    assert scores.coverage == 1.0
    assert zone_mase(zone=zone, day=DAY) == pytest.approx(scores.mase)


def test_a_perfect_forecast_scores_zero_and_one_outside_its_band_covers_nothing(zone, alice):
    issue(zone)
    assert zone_mase(zone=zone, day=DAY) == 0.0
    issue(zone, hours_before=0.5, offset=50, band=10)
    scores = accuracy(zone, None, Target.IMPORT, from_slot=SLOTS.start, to_slot=SLOTS.stop, issued_before=MIDNIGHT)
    assert scores.coverage == 0.0


def test_only_forecasts_issued_before_the_day_count(zone, alice):
    issue(zone, offset=40)
    issue(zone, hours_before=-2, offset=0)
    scores = accuracy(zone, None, Target.IMPORT, from_slot=SLOTS.start, to_slot=SLOTS.stop, issued_before=MIDNIGHT)
    assert scores.mae_wh == pytest.approx(40)


def test_without_a_forecast_nothing_is_claimed(zone, alice):
    assert zone_mase(zone=zone, day=DAY) is None
    scores = accuracy(zone, alice, Target.EXPORT, from_slot=SLOTS.start, to_slot=SLOTS.stop, issued_before=MIDNIGHT)
    assert scores.slots == 0
    assert math.isnan(scores.mae_wh)


def test_the_newest_finished_forecast_of_each_slot_is_shown(zone, alice):
    old = issue(zone, hours_before=8)
    new = issue(zone, hours_before=2)
    issue(zone, hours_before=1, state=ForecastState.FAILED)
    shown = latest_points(zone, None, Target.IMPORT, SLOTS.start, SLOTS.stop, MIDNIGHT)
    assert {row.run_id for row in shown.values()} == {new.pk}
    new.points.filter(slot=SLOTS.start).delete()
    shown = latest_points(zone, None, Target.IMPORT, SLOTS.start, SLOTS.stop, MIDNIGHT)
    assert shown[SLOTS.start].run_id == old.pk


def test_supply_and_demand_come_from_one_cutoff(zone, alice):
    assert latest_pair(zone, issued_before=MIDNIGHT) is None
    demand = issue(zone, target=Target.IMPORT, hours_before=8)
    supply = issue(zone, target=Target.EXPORT, hours_before=8)
    issue(zone, target=Target.EXPORT, hours_before=2)
    assert latest_pair(zone, issued_before=MIDNIGHT) == (supply, demand)
