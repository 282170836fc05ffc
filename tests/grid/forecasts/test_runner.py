"""Planned runs become quantiles and a decision in the log."""

import json
from datetime import timedelta
from hashlib import sha256

import numpy as np
import pytest

from grid.domain.entries import DecisionKind, EntryKind
from grid.domain.slots import SLOTS_PER_DAY, slot_of
from grid.forecasts.models import ForecastPoint, ForecastRun, ForecastState, Target
from grid.forecasts.queries.history import MISSING, history
from grid.forecasts.services import plan_due, runner
from grid.metering.models import Interval, Quality
from grid.records import queries as log
from tests.grid.forecasts.street import DAYS, NOW, TODAY, add_history, add_point, make_zone

FIRST = (TODAY - DAYS) * SLOTS_PER_DAY
NOON = TODAY * SLOTS_PER_DAY + 11 * 4


def planned(zone):
    plan_due(zone=zone, now=NOW)
    return ForecastRun.objects.filter(zone=zone)


def series(zone, point=None, target=Target.IMPORT, cutoff=NOW, size=10**9):
    end = slot_of(int(NOW.timestamp()))
    known = history(zone, from_slot=FIRST, to_slot=end, cutoff=cutoff, log_size=size)
    return known.series(point.pk if point else None, target, end - FIRST)


def test_every_series_of_a_plan_is_stored_with_all_its_slots(zone, alice, bob):
    runs = planned(zone)
    assert runner.run_pending(now=NOW) == 6
    assert set(runs.values_list("state", "model", "fallback_reason")) == {("done", "prophet-ridge-1", "")}
    assert ForecastPoint.objects.count() == 6 * 192
    points = ForecastPoint.objects.filter(run__point=alice, run__target=Target.EXPORT, slot=NOON).get()
    assert 0 <= points.p10_wh <= points.p50_wh <= points.p90_wh
    assert points.p50_wh == pytest.approx(430, rel=0.3)
    assert not ForecastPoint.objects.filter(run__point=bob, run__target=Target.EXPORT, p90_wh__gt=0).exists()
    assert runner.run_pending(now=NOW) == 0


def test_the_decision_holds_inputs_model_and_output_and_its_hash_is_in_the_log(zone, alice):
    run = planned(zone).get(point=alice, target=Target.IMPORT)
    before = log.log_size()
    assert runner.run_one(run_id=run.pk, now=NOW)
    run.refresh_from_db()
    entry = log.entry(run.log_index)
    assert entry.kind is EntryKind.DECISION
    assert entry.fields["decisionKind"] == DecisionKind.FORECAST
    assert entry.fields["zone"] == zone.word
    assert entry.fields["slot"] == run.from_slot
    assert entry.fields["inputLogSize"] == run.log_size == before
    assert entry.document is not None
    assert entry.fields["contentHash"] == sha256(entry.document).digest()
    content = json.loads(entry.document)
    assert content["point"] == str(alice.pk)
    assert content["inputs"]["sha256"] == bytes(run.input_hash).hex()
    assert content["model"]["config"]["country"] == "AT"
    stored = list(run.points.order_by("slot").values_list("p10_wh", "p50_wh", "p90_wh"))
    assert stored == list(zip(*(content["quantiles"][name] for name in ("p10", "p50", "p90")), strict=True))


def test_a_forecast_made_again_from_the_same_inputs_is_the_same(zone, alice):
    run = planned(zone).get(point=alice, target=Target.IMPORT)
    runner.run_one(run_id=run.pk, now=NOW)
    run.refresh_from_db()
    first, inputs = list(run.points.order_by("slot").values_list("p10_wh", "p50_wh", "p90_wh")), run.input_hash
    run.points.all().delete()
    ForecastRun.objects.filter(pk=run.pk).update(state=ForecastState.PENDING)
    runner.run_one(run_id=run.pk, now=NOW)
    run.refresh_from_db()
    assert list(run.points.order_by("slot").values_list("p10_wh", "p50_wh", "p90_wh")) == first
    assert bytes(run.input_hash) == bytes(inputs)


def test_what_was_learned_after_the_cutoff_is_not_used(zone, alice):
    late = NOW + timedelta(seconds=1)
    row = {"point": alice, "slot": FIRST, "import_wh": 9_999, "export_wh": 9_999, "quality": Quality.VALID}
    Interval.objects.create(**row, version=1, log_index=0, known_at=late)
    assert series(zone, alice)[0] != 9_999
    assert series(zone, alice, cutoff=late)[0] == 9_999


def test_what_lies_beyond_the_log_snapshot_is_not_used(zone, alice):
    Interval.objects.filter(point=alice, slot=FIRST).update(log_index=7)
    assert series(zone, alice, size=7)[0] == MISSING
    assert series(zone, alice, size=8)[0] != MISSING


def test_a_slot_whose_newest_version_is_missing_is_missing(zone, alice):
    row = {"point": alice, "slot": FIRST, "import_wh": 0, "export_wh": 0, "quality": Quality.MISSING}
    Interval.objects.create(**row, version=1, log_index=0, known_at=NOW)
    assert series(zone, alice)[0] == MISSING


def test_the_zone_is_the_sum_of_its_members_and_missing_where_one_is(zone, alice, bob):
    total = series(zone)
    np.testing.assert_array_equal(total, series(zone, alice) + series(zone, bob))
    Interval.objects.filter(point=bob, slot=FIRST + 5).delete()
    assert series(zone)[5] == MISSING
    assert series(zone)[6] == total[6]


def test_a_home_that_joined_later_adds_to_the_zone_from_then_on(zone, alice, bob):
    Interval.objects.filter(point=bob, slot__lt=FIRST + 200).delete()
    total = series(zone)
    np.testing.assert_array_equal(total[:200], series(zone, alice)[:200])
    np.testing.assert_array_equal(total[200:], (series(zone, alice) + series(zone, bob))[200:])


def test_a_home_silent_for_more_than_three_days_leaves_the_zone_total(zone, alice, bob):
    end = slot_of(int(NOW.timestamp()))
    Interval.objects.filter(point=bob, slot__gte=end - 4 * SLOTS_PER_DAY).delete()
    np.testing.assert_array_equal(series(zone)[-300:], series(zone, alice)[-300:])
    Interval.objects.filter(point=alice, slot__gte=end - 2 * SLOTS_PER_DAY).delete()
    assert (series(zone)[-150:] == MISSING).all()


def test_a_home_without_history_fails_with_a_reason_and_spares_the_others(zone, alice):
    empty = add_point(zone, "newcomer")
    runs = planned(zone)
    runner.run_pending(now=NOW)
    for run in runs.filter(point=empty):
        assert (run.state, run.fallback_reason) == (ForecastState.FAILED, "no_history")
        assert "no_history" in run.error
        assert run.log_index is None
    assert runs.exclude(point=empty).filter(state=ForecastState.DONE).count() == 4


def test_a_home_with_days_of_history_is_answered_by_naive_which_says_so(zone, alice):
    young = add_point(zone, "young")
    add_history(young, days=5)
    runs = planned(zone)
    runner.run_pending(now=NOW)
    run = runs.get(point=young, target=Target.IMPORT)
    assert (run.state, run.model, run.fallback_reason) == ("done", "seasonal-naive-1", "history_too_short")
    assert json.loads(log.document(run.log_index) or b"")["model"]["fallback_reason"] == "history_too_short"


def test_a_forecast_that_cannot_be_stored_spares_the_others(zone, alice, bob, monkeypatch):
    def too_big(answer):
        values = whole(answer)
        return (
            {name: [2**70] * len(row) for name, row in values.items()}
            if answer.quantiles["p50"].max() > 300
            else values
        )

    whole = runner.to_wh
    monkeypatch.setattr(runner, "to_wh", too_big)
    runs = planned(zone)
    runner.run_pending(now=NOW)
    broken = runs.filter(state=ForecastState.FAILED)
    assert 0 < broken.count() < 6
    assert runs.filter(state=ForecastState.DONE).count() == 6 - broken.count()
    assert not ForecastPoint.objects.filter(run__in=broken).exists()


def test_a_run_is_claimed_once_and_again_only_when_its_worker_is_silent(zone, alice):
    run = planned(zone).earliest("id")
    ForecastRun.objects.filter(pk=run.pk).update(state=ForecastState.RUNNING, claimed_at=NOW, attempts=1)
    assert not runner.run_one(run_id=run.pk, now=NOW + timedelta(minutes=29))
    assert runner.run_one(run_id=run.pk, now=NOW + timedelta(minutes=30))
    run.refresh_from_db()
    assert (run.state, run.attempts) == (ForecastState.DONE, 2)


def test_a_run_that_kills_its_workers_is_given_up(zone, alice):
    run = planned(zone).earliest("id")
    ForecastRun.objects.filter(pk=run.pk).update(state=ForecastState.RUNNING, claimed_at=NOW, attempts=3)
    assert not runner.run_one(run_id=run.pk, now=NOW + timedelta(hours=1))
    run.refresh_from_db()
    assert run.state == ForecastState.FAILED
    assert "3 attempts" in run.error


def test_a_slow_worker_does_not_overwrite_who_took_its_run(zone, alice, monkeypatch):
    run = planned(zone).earliest("id")
    compute = runner._forecast

    def overtaken(runs):
        results = compute(runs)
        ForecastRun.objects.filter(pk=run.pk).update(claimed_at=NOW + timedelta(hours=1))
        return results

    monkeypatch.setattr(runner, "_forecast", overtaken)
    runner.run_one(run_id=run.pk, now=NOW)
    run.refresh_from_db()
    assert run.state == ForecastState.RUNNING
    assert not run.points.exists()


def test_two_zones_are_worked_off_one_after_the_other(zone, alice):
    other = make_zone("valley")
    add_history(add_point(other, "carol"), pv=True)
    planned(zone)
    planned(other)
    assert runner.run_pending(now=NOW) == 4
    assert runner.run_pending(now=NOW) == 4
    assert not ForecastRun.objects.exclude(state=ForecastState.DONE).exists()
