"""A point's month is erased: what metering needs it for, what goes with it, what stays of the neighbours'."""

from datetime import UTC, date, datetime

import pytest

from grid.accounts.models import Zone
from grid.metering.models import Envelope, Interval, RegisterBlock, SlotClose
from grid.metering.queries.envelopes import open_envelope
from grid.metering.services import ingest
from grid.metering.services.slots import close_slots
from grid.records import queries
from grid.records.errors import Erased, NotErasable
from grid.records.queries import damage
from grid.records.services import erasure
from tests.grid.metering.conftest import FIRST_SLOT, Home, at_slot

NOVEMBER = date(2025, 11, 1)
LATER = datetime(2029, 1, 1, tzinfo=UTC)


def lived(zone: Zone, *homes: Home) -> None:
    slots = [(FIRST_SLOT + number, 1_000 + 100 * number, 0) for number in range(5)]
    ingest(records=[home.record(1, slots) for home in homes], now=at_slot(FIRST_SLOT + 5))
    close_slots(zone=zone, now=at_slot(FIRST_SLOT + 5))


def closed(zone: Zone) -> None:
    """As if every slot since had been closed, and nothing had come in."""
    SlotClose.objects.filter(zone=zone).update(next_slot=FIRST_SLOT + 96 * 60)


def test_a_month_whose_slots_are_not_closed_stays(zone: Zone, alice: Home) -> None:
    lived(zone, alice)
    with pytest.raises(NotErasable, match="the closing of its slots"):
        erasure.erase(scope=alice.point.pk, period=NOVEMBER, reason="moved out", now=LATER)
    closed(zone)
    with pytest.raises(NotErasable, match="late readings until 2025-12-08"):
        erasure.erase(scope=alice.point.pk, period=NOVEMBER, reason="moved out", now=datetime(2025, 12, 2, tzinfo=UTC))


def test_what_shows_the_month_goes_and_the_neighbours_stays(zone: Zone, alice: Home, bob: Home) -> None:
    lived(zone, alice, bob)
    closed(zone)
    mine, others = (Interval.objects.filter(point=home.point) for home in (alice, bob))
    count, kept = mine.count(), list(others.values_list("slot", "import_wh"))
    assert count > 3
    indices = list(mine.values_list("log_index", flat=True))

    report = erasure.erase(scope=alice.point.pk, period=NOVEMBER, reason="moved out", now=LATER)

    assert report.rows["intervals"] == count
    assert report.rows["registers"] == 1
    assert not mine.exists()
    assert list(others.values_list("slot", "import_wh")) == kept
    assert RegisterBlock.objects.get().meter_id == bob.meter.pk
    for index in indices:
        with pytest.raises(Erased):
            queries.entry(index)
    with pytest.raises(Erased):
        open_envelope(Envelope.objects.get(meter=alice.meter))
    assert open_envelope(Envelope.objects.get(meter=bob.meter)).startswith(b"OCMF")
    health = damage.check(with_chain=False)
    assert (health.damage, health.erased > count) == ("", True)
