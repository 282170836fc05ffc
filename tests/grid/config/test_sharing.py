"""Zones whose slots are closed by whichever worker is free, beside the pass over the flow."""

import pytest
from django.db import connection

from grid.accounts.models import Zone
from grid.config import flow, live, tasks
from grid.domain.slots import slot_of
from grid.metering.models import Interval, SlotClose
from grid.metering.services import slots
from tests.grid.street import FIRST, Street, at_slot

NOW = at_slot(FIRST + 3, slots.GRACE_SECONDS)


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, int]]:
    found: list[dict[str, int]] = []
    monkeypatch.setattr(live, "publish_news", lambda counts: found.append(dict(counts)))
    return found


def _due(zone: Zone) -> None:
    SlotClose.objects.create(zone=zone, next_slot=FIRST)


def test_zone_is_closed_and_told_of(street: Street, published: list[dict[str, int]]) -> None:
    _due(street.zone)

    assert flow.close_zone(street.zone.pk, now=NOW) == 3 * 4

    assert published == [{"slots": 12}]
    assert Interval.objects.count() == 12
    assert flow.close_zone(street.zone.pk, now=NOW) == 0


def test_zone_that_another_process_closes_is_left_to_it(street: Street, published: list[dict[str, int]]) -> None:
    _due(street.zone)
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            key = int.from_bytes(street.zone.pk.bytes[:4], "big", signed=True)
            cursor.execute("select pg_advisory_lock(%s, %s)", [flow.LOCK, key])

        assert flow.close_zone(street.zone.pk, now=NOW) == 0
    finally:
        other.close()
    assert published == []
    assert not Interval.objects.exists()


def test_zones_are_shared_when_several_are_due(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []
    monkeypatch.setattr(tasks.close_zone, "delay", lambda *, zone: sent.append(zone))
    monkeypatch.setattr(flow, "sweep", lambda *, now: None)
    monkeypatch.setattr(tasks.clock, "now", lambda: NOW)
    second = Zone.objects.create(
        community=street.community, name="Feeder 2", feeder_rating_w=1, latitude=0, longitude=0
    )
    _due(street.zone)
    tasks.sweep()
    assert sent == []

    SlotClose.objects.create(zone=second, next_slot=slot_of(int(NOW.timestamp())))
    tasks.sweep()
    assert sent == []

    SlotClose.objects.filter(zone=second).update(next_slot=FIRST)
    tasks.sweep()
    assert sorted(sent) == sorted([str(street.zone.pk), str(second.pk)])


def test_stepped_clock_has_a_driver_of_its_own(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks.clock, "speed", lambda: 0.0)
    _due(street.zone)

    tasks.close_zone(zone=str(street.zone.pk))

    assert SlotClose.objects.get().next_slot == FIRST
