"""Closing slots: an INTERVAL for every registered point and slot, and a better version when readings come late."""

from datetime import datetime
from hashlib import sha256

import pytest

from grid.accounts.models import Zone
from grid.domain import entries as domain
from grid.domain.entries import EntryKind, LeafKind, Suite
from grid.domain.registers import Quality
from grid.metering.errors import MeteringError
from grid.metering.models import Binding, Interval, SlotClose
from grid.metering.queries import energy_by_slot, intervals
from grid.metering.services import ingest, registry, slots
from grid.metering.services.registry import BindingTerms
from grid.records import queries as log
from tests.grid.metering.conftest import FIRST_DAY, FIRST_SLOT, Home, add_home, at_slot

GRACE = slots.GRACE_SECONDS


def after_grace(slot: int) -> datetime:
    """The moment at which a slot is due to be closed."""
    return at_slot(slot + 1, GRACE)


def send(home: Home, counter: int, registers: list[tuple[int, int, int | None]], now: datetime) -> None:
    (result,) = ingest(records=[home.record(counter, registers)], now=now)
    assert result.status == "accepted"


def rows(home: Home) -> list[tuple[int, int, int, int, int]]:
    found = Interval.objects.filter(point=home.point).order_by("slot", "version")
    return [(i.slot - FIRST_SLOT, i.version, i.import_wh, i.export_wh, i.quality) for i in found]


def test_closed_slots_have_the_register_differences(zone: Zone, alice: Home) -> None:
    send(alice, 1, [(FIRST_SLOT, 100, 5), (FIRST_SLOT + 1, 150, 5), (FIRST_SLOT + 2, 150, 45)], at_slot(FIRST_SLOT + 2))

    assert slots.close_due(zone=zone, now=after_grace(FIRST_SLOT + 1)) == 2

    assert rows(alice) == [(0, 0, 50, 0, Quality.VALID), (1, 0, 0, 40, Quality.VALID)]


def test_slot_is_not_closed_before_its_grace_has_passed(zone: Zone, alice: Home) -> None:
    send(alice, 1, [(FIRST_SLOT, 100, 5), (FIRST_SLOT + 1, 150, 5)], at_slot(FIRST_SLOT + 1))

    assert slots.close_due(zone=zone, now=at_slot(FIRST_SLOT + 1, GRACE - 1)) == 0
    assert slots.close_due(zone=zone, now=at_slot(FIRST_SLOT + 1, GRACE)) == 1


def test_closing_twice_writes_nothing_new(zone: Zone, alice: Home) -> None:
    slots.close_due(zone=zone, now=after_grace(FIRST_SLOT + 3))
    size = log.log_size()

    assert slots.close_due(zone=zone, now=after_grace(FIRST_SLOT + 3)) == 0
    assert log.log_size() == size
    assert SlotClose.objects.get(zone=zone).next_slot == FIRST_SLOT + 4


def test_every_registered_point_has_an_interval_missing_ones_included(zone: Zone, alice: Home, feeder: Home) -> None:
    unbound = registry.register_point(zone=zone, name="new house", fuse_w=17_250, now=at_slot(FIRST_SLOT + 1))

    slots.close_due(zone=zone, now=after_grace(FIRST_SLOT + 2))

    assert [row[0] for row in rows(alice)] == [0, 1, 2]
    assert [row[4] for row in rows(feeder)] == [Quality.MISSING] * 3
    assert list(Interval.objects.filter(point=unbound).values_list("slot", "quality")) == [
        (FIRST_SLOT + 1, Quality.MISSING),
        (FIRST_SLOT + 2, Quality.MISSING),
    ]


def test_interval_entry_commits_to_the_registers_and_cites_its_readings(zone: Zone, alice: Home) -> None:
    send(alice, 1, [(FIRST_SLOT, 100, 5)], at_slot(FIRST_SLOT))
    send(alice, 2, [(FIRST_SLOT + 1, 150, 5)], at_slot(FIRST_SLOT + 1))
    slots.close_due(zone=zone, now=after_grace(FIRST_SLOT))

    entry = log.entry(Interval.objects.get(point=alice.point).log_index)

    assert entry.kind is EntryKind.INTERVAL
    assert entry.fields["bindingIndex"] == Binding.objects.get(point=alice.point).log_index
    assert entry.document is not None
    assert entry.fields["registersCommitment"] == sha256(b"\x00" + entry.document).digest()
    registers = domain.decode(LeafKind.REGISTERS, entry.document)
    assert (registers["importStart"], registers["importEnd"]) == (100, 150)
    assert registers["meterStart"] == sha256(b"CW-alice").digest()
    for reading, counter in ((registers["readingStart"], 1), (registers["readingEnd"], 2)):
        assert isinstance(reading, int)
        assert log.decoded(reading)["counter"] == counter
    assert registers["interpolated"] is False


def test_gap_is_spread_and_flagged_once_the_next_reading_came(zone: Zone, alice: Home) -> None:
    send(alice, 1, [(FIRST_SLOT, 100, 0), (FIRST_SLOT + 3, 110, 0)], at_slot(FIRST_SLOT + 3))

    slots.close_due(zone=zone, now=after_grace(FIRST_SLOT + 2))

    assert rows(alice) == [
        (0, 0, 3, 0, Quality.ESTIMATED),
        (1, 0, 3, 0, Quality.ESTIMATED),
        (2, 0, 4, 0, Quality.ESTIMATED),
    ]


def test_late_reading_gives_a_better_version_that_cites_the_one_before(zone: Zone, alice: Home) -> None:
    send(alice, 1, [(FIRST_SLOT, 100, 0)], at_slot(FIRST_SLOT))
    closed_at = after_grace(FIRST_SLOT)
    slots.close_due(zone=zone, now=closed_at)
    first = Interval.objects.get(point=alice.point, slot=FIRST_SLOT)
    late = at_slot(FIRST_SLOT + 1, GRACE + 60)
    send(alice, 2, [(FIRST_SLOT + 1, 170, 0)], late)

    assert slots.close_due(zone=zone, now=late) == 1
    assert slots.close_due(zone=zone, now=late) == 0

    assert rows(alice) == [(0, 0, 0, 0, Quality.MISSING), (0, 1, 70, 0, Quality.VALID)]
    better = Interval.objects.get(point=alice.point, slot=FIRST_SLOT, version=1)
    assert log.decoded(better.log_index)["supersedes"] == first.log_index
    newest = intervals(points=[alice.point.pk], from_slot=FIRST_SLOT, to_slot=FIRST_SLOT + 1)
    before = intervals(points=[alice.point.pk], from_slot=FIRST_SLOT, to_slot=FIRST_SLOT + 1, known_at=closed_at)
    assert [interval.import_wh for interval in newest] == [70]
    assert [interval.import_wh for interval in before] == [0]


def test_reading_inside_a_gap_moves_the_estimate(zone: Zone, alice: Home) -> None:
    send(alice, 1, [(FIRST_SLOT, 0, 0), (FIRST_SLOT + 4, 100, 0)], at_slot(FIRST_SLOT + 4))
    slots.close_due(zone=zone, now=after_grace(FIRST_SLOT + 3))
    send(alice, 2, [(FIRST_SLOT + 2, 90, 0)], after_grace(FIRST_SLOT + 4))

    slots.close_due(zone=zone, now=after_grace(FIRST_SLOT + 3))

    newest = intervals(points=[alice.point.pk], from_slot=FIRST_SLOT, to_slot=FIRST_SLOT + 4)
    assert [i.import_wh for i in newest] == [45, 45, 5, 5]


def test_register_that_fell_is_missing_not_negative(zone: Zone, alice: Home) -> None:
    send(alice, 1, [(FIRST_SLOT, 5000, 0), (FIRST_SLOT + 1, 100, 0)], at_slot(FIRST_SLOT + 1))

    slots.close_due(zone=zone, now=after_grace(FIRST_SLOT))

    assert rows(alice) == [(0, 0, 0, 0, Quality.MISSING)]


def test_exchanged_meter_takes_over_at_midnight(zone: Zone, alice: Home, feeder: Home) -> None:
    midnight = FIRST_SLOT + 96
    spare = feeder
    terms = BindingTerms(point=feeder.point, meter=alice.meter, account=None, from_day=FIRST_DAY + 1, reversed=True)
    registry.bind(terms=terms, co_signature=b"", now=at_slot(FIRST_SLOT))
    send(spare, 1, [(midnight - 1, 10, 0), (midnight, 30, 0), (midnight + 1, 99, 0)], at_slot(midnight + 1))
    send(alice, 1, [(midnight, 500, 0), (midnight + 1, 507, 0)], at_slot(midnight + 1))

    slots.close_due(zone=zone, now=after_grace(midnight))

    last, first = [row for row in rows(feeder) if row[0] in (95, 96)]
    assert last[2:4] == (20, 0)
    assert first[2:4] == (0, 7)


def test_zone_totals_count_members_and_keep_the_feeder_apart(zone: Zone, alice: Home, bob: Home, feeder: Home) -> None:
    now = at_slot(FIRST_SLOT + 1)
    send(alice, 1, [(FIRST_SLOT, 0, 0), (FIRST_SLOT + 1, 0, 300)], now)
    send(bob, 1, [(FIRST_SLOT, 10, None), (FIRST_SLOT + 1, 110, None)], now)
    send(feeder, 1, [(FIRST_SLOT, 0, 0), (FIRST_SLOT + 1, 0, 200)], now)
    slots.close_due(zone=zone, now=after_grace(FIRST_SLOT + 1))

    first, second = energy_by_slot(zone=zone, from_slot=FIRST_SLOT, to_slot=FIRST_SLOT + 9)

    assert (first.import_wh, first.export_wh) == (100, 300)
    assert (first.feeder_import_wh, first.feeder_export_wh) == (0, 200)
    assert (first.members, first.missing) == (2, 0)
    assert (second.members, second.missing) == (2, 2)
    assert energy_by_slot(zone=zone, from_slot=FIRST_SLOT, to_slot=FIRST_SLOT + 9, known_at=now) == []


def test_large_backlog_is_closed_in_several_transactions(
    zone: Zone, alice: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slots, "BATCH_INTERVALS", 4)

    assert slots.close_slots(zone=zone, now=after_grace(FIRST_SLOT + 9)) == 10

    assert [row[0] for row in rows(alice)] == list(range(10))


def test_binding_may_not_begin_in_closed_slots(zone: Zone, alice: Home) -> None:
    slots.close_due(zone=zone, now=after_grace(FIRST_SLOT))

    with pytest.raises(MeteringError, match=f"begin on day {FIRST_DAY + 1} or later"):
        add_home(zone, "carol", Suite.P256, 1009)


@pytest.mark.parametrize(("ahead", "quality"), [(9, Quality.VALID), (10, Quality.ESTIMATED)])
def test_clock_that_runs_ahead_by_more_than_nine_seconds_is_flagged(
    zone: Zone, alice: Home, ahead: int, quality: Quality
) -> None:
    send(alice, 1, [(FIRST_SLOT, 100, 5)], at_slot(FIRST_SLOT))
    send(alice, 2, [(FIRST_SLOT + 1, 150, 5)], at_slot(FIRST_SLOT + 1, -ahead))

    slots.close_due(zone=zone, now=after_grace(FIRST_SLOT))

    assert rows(alice) == [(0, 0, 50, 0, quality)]
