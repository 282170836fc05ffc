"""The worker's hints, and what other processes load to send them."""

import subprocess
import sys

import pytest

from grid.forecasts import tasks
from grid.forecasts.models import ForecastRun, ForecastState
from grid.forecasts.services import plan_due
from grid.pricing.services import publish_due
from tests.grid.forecasts.street import NOW

LOADED = """
import sys, django
django.setup()
import grid.forecasts.tasks, grid.forecasts.services, grid.forecasts.queries, grid.forecasts.admin
import grid.pricing.services, grid.pricing.queries
print([name for name in ("prophet", "pandas", "pvlib", "cmdstanpy") if name in sys.modules])
"""


@pytest.fixture(autouse=True)
def at_now(monkeypatch):
    monkeypatch.setattr("grid.clock.now", lambda: NOW)


def test_one_hint_works_off_everything_that_waits(zone, alice, bob):
    plan_due(zone=zone, now=NOW)
    assert tasks.run_pending(unknown_to_old_workers=1) == 6
    assert set(ForecastRun.objects.values_list("state", flat=True)) == {ForecastState.DONE}
    assert tasks.run_pending() == 0


def test_publishing_without_a_profile_is_no_error(zone, alice):
    assert publish_due(zone=zone, now=NOW) == 0


def test_only_the_forecast_worker_loads_the_models_libraries():
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
