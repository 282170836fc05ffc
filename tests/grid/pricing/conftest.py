import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from grid.accounts.models import Zone
from grid.domain.slots import slot_of
from grid.forecasts.models import ForecastPoint, ForecastRun, ForecastState, Target
from grid.pricing import models
from grid.pricing.models import Profile
from grid.pricing.services import adopt_profile
from grid.records.queries import keys
from tests.grid.forecasts.street import NOW, TODAY, make_zone

DEMO_PROFILE = Path(models.__file__).parent / "profiles" / "demo.json"
SYSTEM_ACCOUNTS = {name: f"0x{number:040x}" for number, name in enumerate(("supplier", "fee", "dust", "balancing"), 1)}
SLOT = slot_of(int(NOW.timestamp()))


@pytest.fixture
def document() -> dict[str, Any]:
    text = DEMO_PROFILE.read_text()
    return {**json.loads(text), "system_accounts": SYSTEM_ACCOUNTS}


@pytest.fixture
def zone(db: None) -> Iterator[Zone]:
    yield make_zone()
    # The database is rolled back, so must be what this process remembers of its keys.
    keys.forget()


@pytest.fixture
def profile(zone: Zone, document: dict[str, Any]) -> Profile:
    return adopt_profile(zone=zone, document=document, from_day=TODAY - 1, now=NOW)


def issue(
    zone: Zone,
    *,
    supply: tuple[int, int, int] = (2_000, 3_000, 4_000),
    demand: tuple[int, int, int] = (3_000, 4_000, 5_000),
    cutoff: datetime = NOW - timedelta(minutes=1),
    slots: range = range(SLOT + 1, SLOT + 193),
    log_index: int = 0,
) -> tuple[ForecastRun, ForecastRun]:
    """A finished forecast of the zone's export and import, the same quantiles in every slot."""
    runs = []
    for target, quantiles in ((Target.EXPORT, supply), (Target.IMPORT, demand)):
        run = ForecastRun.objects.create(
            zone=zone,
            target=target,
            cutoff=cutoff,
            from_slot=slots.start,
            to_slot=slots.stop,
            state=ForecastState.DONE,
            created_at=cutoff,
            finished_at=cutoff,
            log_index=log_index,
        )
        low, middle, high = quantiles
        ForecastPoint.objects.bulk_create(
            ForecastPoint(run=run, slot=slot, p10_wh=low, p50_wh=middle, p90_wh=high) for slot in slots
        )
        runs.append(run)
    return runs[0], runs[1]
