"""Several processes against the same database: every slot is closed once, whoever is quicker."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime

import pytest
from django.db import connection

from grid.accounts.models import Community, Zone
from grid.domain.entries import EntryKind, Suite
from grid.metering.models import Interval, SlotClose
from grid.metering.services import ingest, projection, slots
from grid.records.queries import keys, log_size
from grid.records.queries.walking import walk
from tests.grid.metering.conftest import FIRST_SLOT, Home, add_home, at_slot

CLOSED = 120

# A worker: told to begin, it closes what is due in each zone, and says how many intervals it wrote.
_WORKER = """
import sys
from datetime import datetime
import django
django.setup()
from grid.accounts.models import Zone
from grid.metering.services import slots
slots.BATCH_INTERVALS = 12
now = datetime.fromisoformat(sys.argv[1])
zones = list(Zone.objects.order_by("name"))[:: int(sys.argv[2])]
print("ready", flush=True)
sys.stdin.readline()
print(sum(slots.close_due(zone=zone, now=now) for zone in zones for _ in range(2)), flush=True)
"""


def _workers(count: int, now: datetime) -> list[int]:
    """Start workers, let them begin together, and return what each wrote."""
    name = connection.settings_dict["NAME"]
    user = connection.settings_dict["OPTIONS"].get("assume_role") or connection.settings_dict["USER"]
    env = {k: v for k, v in os.environ.items() if k not in ("WATT_AS_OWNER", "DATABASE_OWNER_URL")}
    env |= {"DATABASE_URL": f"postgres://{user}@/{name}", "DJANGO_SETTINGS_MODULE": "grid.config.settings"}
    found = [
        subprocess.Popen(
            # Every other one begins with the last zone, so that none is idle and they meet.
            [sys.executable, "-c", _WORKER, now.isoformat(), "-1" if number % 2 else "1"],
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(count)
    ]
    for worker in found:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    for worker in found:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    written = [int(worker.communicate(timeout=120)[0]) for worker in found]
    assert [worker.returncode for worker in found] == [0] * count
    return written


@pytest.fixture
def zones(transactional_db: None) -> Iterator[list[Zone]]:
    """Two zones of two homes each."""
    community = Community.objects.create(
        slug="hill", name="Hill", time_zone="Europe/Berlin", currency="EUR", country="DE"
    )
    yield [
        Zone.objects.create(community=community, name=name, feeder_rating_w=1, latitude=0, longitude=0)
        for name in ("north", "south")
    ]
    keys.forget()


def test_two_workers_close_every_slot_once_and_better_it_once(zones: list[Zone]) -> None:
    homes: list[Home] = [
        add_home(zone, f"{zone.name}-{number}", Suite.SECP256K1, 2000 + 10 * place + number)
        for place, zone in enumerate(zones)
        for number in range(2)
    ]
    for home in homes:
        # Every other home is late for the second half of the day.
        last = CLOSED if home.point.name.endswith("0") else CLOSED // 2
        registers = [(FIRST_SLOT + n, 10 * n, 0) for n in range(last + 1)]
        (result,) = ingest(records=[home.record(1, registers)], now=at_slot(FIRST_SLOT + CLOSED))
        assert result.status == "accepted"
    now = at_slot(FIRST_SLOT + CLOSED, slots.GRACE_SECONDS)

    written = _workers(2, now)

    assert sum(written) == len(homes) * CLOSED
    assert min(written) > 0, "one of them did nothing: nothing was proved"
    assert Interval.objects.count() == len(homes) * CLOSED
    assert set(SlotClose.objects.values_list("next_slot", flat=True)) == {FIRST_SLOT + CLOSED}

    for home in homes[1::2]:
        registers = [(FIRST_SLOT + n, 10 * n, 0) for n in range(CLOSED // 2 + 1, CLOSED + 1)]
        ingest(records=[home.record(2, registers)], now=at_slot(FIRST_SLOT + CLOSED, slots.GRACE_SECONDS + 5))
    _workers(2, at_slot(FIRST_SLOT + CLOSED, slots.GRACE_SECONDS + 10))

    bettered = Interval.objects.filter(version=1)
    assert bettered.count() == 2 * CLOSED // 2
    assert not Interval.objects.filter(version__gt=1).exists()
    logged = [e for stretch in walk({EntryKind.INTERVAL}, first=0, size=log_size()) for e in stretch.opened]
    assert len(logged) == Interval.objects.count()
    assert len({(e.fields["point"], e.fields["slot"], e.fields["version"]) for e in logged}) == len(logged)
    assert projection.check().differing == 0
