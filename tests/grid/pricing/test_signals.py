"""The signal: from the zone's forecast, by the rule, before the gate, once per forecast."""

import json
from datetime import timedelta
from hashlib import sha256

from grid.domain.entries import DecisionKind, EntryKind
from grid.domain.pricing import bounds, sdr_price
from grid.domain.slots import day_of, slot_start
from grid.forecasts.models import ForecastRun, ForecastState, Target
from grid.pricing.models import PriceSignal, TariffDay
from grid.pricing.queries import signal, signals
from grid.pricing.services import publish_due, publish_prices
from grid.records import queries as log
from tests.grid.forecasts.street import NOW, make_zone
from tests.grid.pricing.conftest import SLOT, issue

DEMO = bounds(300_000, 80_000, 30_000)
LEAD = 4
# NOW is 20 minutes before midnight, 10 into its slot: with a slot for anchoring, the first open gate is
# that of the slot two after the current one and the lead.
FIRST_OPEN = SLOT + 2 + LEAD


def publish(zone, now=NOW):
    return publish_prices(zone=zone, from_slot=SLOT, to_slot=SLOT + 192, now=now)


def price_of(zone, slot) -> PriceSignal:
    """The newest price of a slot that has one."""
    found = signal(zone, slot)
    assert found is not None
    return found


def test_each_open_slot_gets_the_price_of_the_rule_within_the_tariff(zone, profile):
    supply, demand = issue(zone)
    assert publish(zone) == SLOT + 192 - FIRST_OPEN
    row = price_of(zone, FIRST_OPEN)
    expected = sdr_price(3_000, 4_000, DEMO)
    assert (row.price, row.buy_price) == (expected.sell, expected.buy)
    assert DEMO.low <= row.low_price < row.price < row.high_price <= DEMO.high
    assert (row.version, row.supply_run, row.demand_run, row.published_at) == (0, supply, demand, NOW)


def test_no_price_is_published_once_its_gate_is_near(zone, profile):
    issue(zone)
    publish(zone)
    assert signal(zone, FIRST_OPEN - 1) is None
    on_the_border = slot_start(SLOT + 1)
    assert publish(zone, now=on_the_border) == 0
    PriceSignal.objects.all().delete()
    publish(zone, now=on_the_border)
    assert min(signals(zone, SLOT, SLOT + 192)) == SLOT + 1 + 1 + LEAD


def test_the_decision_holds_all_that_is_needed_to_compute_the_price_again(zone, profile):
    issue(zone, log_index=5)
    publish(zone)
    row = price_of(zone, FIRST_OPEN)
    entry = log.entry(row.log_index)
    assert entry.kind is EntryKind.DECISION
    assert entry.fields["decisionKind"] == DecisionKind.PRICE
    assert (entry.fields["slot"], entry.fields["version"], entry.fields["value"]) == (row.slot, 0, row.price)
    assert entry.document is not None
    assert entry.fields["contentHash"] == sha256(entry.document).digest()
    content = json.loads(entry.document)
    rule, inputs = content["rule"], content["inputs"]
    assert inputs["export"]["forecast_log_index"] == 5
    assert inputs["tariff_log_index"] == TariffDay.objects.get(zone=zone, day=day_of(row.slot)).log_index
    again = sdr_price(inputs["export"]["p50_wh"], inputs["import"]["p50_wh"], bounds(rule["high"], rule["low"], 0))
    assert (again.sell, again.buy) == (content["price"]["sell"], content["price"]["buy"])
    assert again.sell == row.price


def test_publishing_again_adds_nothing(zone, profile):
    issue(zone)
    publish(zone)
    size = log.log_size()
    assert publish(zone) == 0
    assert publish(zone, now=NOW + timedelta(hours=1)) == 0
    assert log.log_size() == size


def test_a_newer_forecast_supersedes_where_the_gate_is_open(zone, profile):
    issue(zone)
    publish(zone)
    later = NOW + timedelta(hours=6)
    issue(zone, supply=(9_000, 9_000, 9_000), cutoff=later)
    count = publish(zone, now=later)
    assert 0 < count < 192
    moved = price_of(zone, SLOT + 100)
    assert (moved.version, moved.price) == (1, DEMO.low)
    assert price_of(zone, FIRST_OPEN).version == 0
    assert PriceSignal.objects.filter(zone=zone, slot=SLOT + 100).count() == 2


def test_nothing_is_published_without_both_sides_of_the_forecast(zone, profile):
    assert publish(zone) == 0
    issue(zone)
    ForecastRun.objects.filter(target=Target.EXPORT).update(state=ForecastState.FAILED)
    assert publish(zone) == 0


def test_a_forecast_that_was_not_finished_by_now_does_not_count(zone, profile):
    issue(zone)
    ForecastRun.objects.update(finished_at=NOW + timedelta(seconds=1))
    assert publish(zone) == 0


def test_another_zones_forecast_prices_nothing_here(zone, profile):
    issue(make_zone("valley"))
    assert publish(zone) == 0


def test_tariffs_are_committed_with_or_without_a_forecast(zone, profile):
    assert publish_due(zone=zone, now=NOW) == 0
    today = day_of(SLOT)
    assert sorted(TariffDay.objects.values_list("day", flat=True)) == [today, today + 1, today + 2]


def test_before_the_first_profile_there_are_no_prices(zone):
    issue(zone)
    assert publish_due(zone=zone, now=NOW) == 0
    assert not TariffDay.objects.exists()
