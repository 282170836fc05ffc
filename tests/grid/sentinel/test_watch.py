"""The sentinel: what is flagged, what is held, what is left alone."""

import json
from hashlib import sha256

import pytest
from django.db import Error, connection, transaction

from grid.domain.ocmf import RegisterReading
from grid.domain.slots import SLOT_SECONDS
from grid.metering.models import Envelope, Meter, Quality, RegisterBlock
from grid.metering.packing import pack, unpack
from grid.records import queries as records
from grid.sentinel import services as sentinel
from grid.sentinel.models import Flag, Hold, Rule, WatchCursor
from tests.grid.settlement.day import metered
from tests.grid.street import DAY, FIRST, Home, Street, at_slot
from tests.rights import owner

NOW = at_slot(FIRST + 97)


def watch(street: Street) -> int:
    return sentinel.watch(zone=street.zone, now=NOW)


def envelope(meter: Meter, counter: int, *, fork: bool = False, number: int | None = None) -> Envelope:
    return Envelope.objects.create(
        id=number,
        meter=meter,
        counter=counter,
        sha256=sha256(f"{meter.pk} {counter} {fork}".encode()).digest(),
        sealed=b"",
        key_scope=meter.bindings.get().point_id,
        key_period=NOW.date().replace(day=1),
        received_at=at_slot(FIRST, 30),
        log_index=None if fork else 1,
        fork=fork,
    )


def register(home: Home, slot: int, imported: int, exported: int, record: Envelope) -> None:
    """Add a register at a slot's start to what a record brought."""
    block = RegisterBlock.objects.filter(envelope=record).first() or RegisterBlock(
        envelope=record, meter=home.meter, log_index=1
    )
    reading = RegisterReading(slot * SLOT_SECONDS, imported, exported, True)
    readings = [*(unpack(bytes(block.packed)) if block.packed else []), reading]
    block.first_at, block.last_at, block.packed = readings[0].at, readings[-1].at, pack(readings)
    block.save()


def test_an_ordinary_day_raises_nothing(street: Street) -> None:
    street.measure_day(DAY, metered)
    for home in street.homes:
        for counter in (1, 2, 3):
            record = envelope(home.meter, counter)
            register(home, FIRST + counter, 1000 * counter, 500 * counter, record)
    assert watch(street) == 0
    assert WatchCursor.objects.get().next_slot == FIRST + 96


@pytest.mark.parametrize(
    ("home", "energy"),
    [("bob", (4_314, 0)), ("alice", (0, 2_201)), ("bob", (0, 1))],
    ids=["more than the fuse", "more than the roof", "feeds in without a roof"],
)
def test_energy_that_cannot_flow_is_flagged_and_held(street: Street, home: str, energy: tuple[int, int]) -> None:
    point = getattr(street, home).point
    street.measure(point, {FIRST: (4_312, 0), FIRST + 1: energy, FIRST + 2: (0, 0)})
    street.close(FIRST + 3)
    assert watch(street) == 1
    flag, hold = Flag.objects.get(), Hold.objects.get()
    assert (flag.rule, flag.point, flag.slot) == (Rule.OVER_CAPACITY, point, FIRST + 1)
    assert (hold.flag, hold.point, hold.slot) == (flag, point, FIRST + 1)
    assert hold.ends_at == at_slot(FIRST + 97 + 3 * 96)


def test_the_most_that_can_flow_is_not_flagged(street: Street) -> None:
    # 17,250 W for a quarter hour are 4,312.5 Wh, which registers of whole Wh may show as 4,313;
    # 8,000 W of modules and a tenth are 2,200 Wh.
    street.measure(street.alice.point, {FIRST: (4_313, 0), FIRST + 1: (0, 2_200)})
    street.close(FIRST + 2)
    assert watch(street) == 0


def test_flag_and_hold_are_decisions_in_the_log(street: Street) -> None:
    street.measure(street.bob.point, {FIRST: (9_000, 0)})
    street.close(FIRST + 1)
    watch(street)
    flag, hold = Flag.objects.get(), Hold.objects.get()
    for index, kind in ((flag.log_index, 3), (hold.log_index, 4)):
        entry = records.entry(index)
        assert (entry.fields["decisionKind"], entry.fields["slot"]) == (kind, FIRST)
        assert entry.document is not None
        assert entry.fields["contentHash"] == sha256(entry.document).digest()
        assert entry.fields["inputLogSize"] == flag.log_index
    document = json.loads(records.document(hold.log_index) or b"")
    assert document["flag"] == flag.log_index
    assert document["point"] == str(street.bob.point.pk)


def test_the_newest_version_of_an_interval_is_looked_at(street: Street) -> None:
    street.measure(street.bob.point, {FIRST: (9_000, 0)})
    street.measure(street.bob.point, {FIRST: (90, 0)}, version=1)
    street.close(FIRST + 1)
    assert watch(street) == 0


def test_nothing_is_looked_at_twice(street: Street) -> None:
    street.measure(street.bob.point, {FIRST: (9_000, 0)})
    street.close(FIRST + 1)
    assert watch(street) == 1
    assert watch(street) == 0
    WatchCursor.objects.all().delete()
    assert watch(street) == 0
    assert (Flag.objects.count(), Hold.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    ("registers", "flagged"),
    [
        ([(1_000, 0), (900, 0)], True),
        ([(1_000, 500), (1_100, 400)], True),
        ([(999_999_900, 0), (50, 0)], False),
        ([(999_990_000, 0), (50, 0)], True),
        ([(1_000, 0), (1_000, 0)], False),
    ],
    ids=["import fell", "export fell", "rolled over", "too far for a rollover", "stood still"],
)
def test_a_register_may_roll_over_but_not_fall(street: Street, registers: list[tuple[int, int]], flagged: bool) -> None:
    record = envelope(street.bob.meter, 1)
    for offset, values in enumerate(registers):
        register(street.bob, FIRST + offset, *values, record)
    street.close(FIRST + 4)
    assert watch(street) == int(flagged)
    if flagged:
        assert Flag.objects.get().rule == Rule.REGISTER_FELL
        assert Hold.objects.get().slot == FIRST


def test_a_fall_across_a_gap_is_found_when_the_later_reading_comes(street: Street) -> None:
    first = envelope(street.bob.meter, 1)
    register(street.bob, FIRST, 5_000, 0, first)
    street.close(FIRST + 2)
    assert watch(street) == 0
    register(street.bob, FIRST + 3, 10, 0, first)
    street.close(FIRST + 3)
    assert watch(street) == 1
    assert Flag.objects.get().slot == FIRST + 2
    assert set(Hold.objects.values_list("slot", flat=True)) == {FIRST, FIRST + 1, FIRST + 2}


def test_a_gap_in_the_counter_is_a_sign_and_holds_nothing(street: Street) -> None:
    for counter in (1, 2, 5, 6):
        envelope(street.bob.meter, counter)
    assert watch(street) == 1
    flag = Flag.objects.get()
    assert (flag.rule, flag.details["before"], flag.details["counter"]) == (Rule.COUNTER_GAP, 2, 5)
    assert not Hold.objects.exists()


def test_a_gap_is_seen_against_records_of_earlier_looks(street: Street) -> None:
    envelope(street.bob.meter, 1)
    assert watch(street) == 0
    envelope(street.bob.meter, 2)
    assert watch(street) == 0
    envelope(street.bob.meter, 4)
    assert watch(street) == 1


def test_two_records_with_one_counter_hold_the_slots_of_the_first(street: Street) -> None:
    accepted = envelope(street.bob.meter, 1)
    register(street.bob, FIRST + 1, 100, 0, accepted)
    register(street.bob, FIRST + 2, 200, 0, accepted)
    envelope(street.bob.meter, 1, fork=True)
    street.close(FIRST + 3)
    assert watch(street) == 1
    assert Flag.objects.get().rule == Rule.COUNTER_FORK
    assert set(Hold.objects.values_list("slot", flat=True)) == {FIRST, FIRST + 1}


def test_a_zone_out_of_balance_is_flagged_and_accuses_nobody(street: Street) -> None:
    street.measure_day(DAY, metered, feeder_error=200)
    assert watch(street) == 96
    assert set(Flag.objects.values_list("rule", "point")) == {(Rule.ZONE_BALANCE, None)}
    assert not Hold.objects.exists()


def test_a_difference_within_the_tolerance_is_let_be(street: Street) -> None:
    street.measure_day(DAY, metered, feeder_error=50)
    assert watch(street) == 0


def test_a_balance_with_an_unread_meter_in_it_is_not_judged(street: Street) -> None:
    street.measure(street.alice.point, {FIRST: (100, 0)})
    street.measure(street.bob.point, {FIRST: (0, 0)}, quality=Quality.MISSING)
    street.measure(street.feeder, {FIRST: (900, 0)})
    street.close(FIRST + 1)
    assert watch(street) == 0


def test_holds_are_limited_in_number_for_each_day_of_delivery(street: Street) -> None:
    document = {**street.profile.document, "limits": {**street.profile.document["limits"], "holds_per_day": 2}}
    type(street.profile).objects.filter(pk=street.profile.pk).update(document=document)
    street.measure(street.bob.point, {FIRST + offset: (9_000, 0) for offset in range(5)})
    street.close(FIRST + 5)
    assert watch(street) == 5
    assert Hold.objects.count() == 2
    street.measure(street.carol.point, {FIRST + 5: (9_000, 0)})
    street.close(FIRST + 6)
    assert watch(street) == 1
    assert Hold.objects.count() == 2


def test_days_that_can_no_longer_be_settled_are_flagged_but_not_held(street: Street) -> None:
    street.measure(street.bob.point, {FIRST - 96: (9_000, 0), FIRST: (9_000, 0)})
    street.close(FIRST + 1)
    assert sentinel.watch(zone=street.zone, now=at_slot(FIRST + 97)) == 2
    assert set(Hold.objects.values_list("slot", flat=True)) == {FIRST}


def test_the_feeder_is_flagged_and_never_held(street: Street) -> None:
    street.measure(street.feeder, {FIRST: (16_000, 0)})
    street.close(FIRST + 1)
    watch(street)
    assert Flag.objects.filter(rule=Rule.OVER_CAPACITY, point=street.feeder).count() == 1
    assert not Hold.objects.exists()


@pytest.mark.parametrize(
    "statement",
    ["UPDATE sentinel_flag SET slot = 0", "DELETE FROM sentinel_flag", "UPDATE sentinel_hold SET ends_at = now()"],
)
def test_the_database_refuses_to_change_a_decision(street: Street, statement: str) -> None:
    street.measure(street.bob.point, {FIRST: (9_000, 0)})
    street.close(FIRST + 1)
    watch(street)
    with (
        pytest.raises(Error, match="never changed"),
        transaction.atomic(),
        owner(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_a_late_reading_is_looked_at_like_one_in_time(street: Street) -> None:
    street.measure(street.bob.point, {FIRST + offset: (0, 0) for offset in range(3)}, quality=Quality.MISSING)
    street.close(FIRST + 3)
    assert watch(street) == 0
    street.measure(street.bob.point, {FIRST + 1: (9_000, 0)}, version=1)
    assert watch(street) == 1
    assert Hold.objects.get().slot == FIRST + 1
    assert watch(street) == 0


def test_a_record_that_is_committed_after_a_later_one_is_not_missed(street: Street) -> None:
    last = envelope(street.carol.meter, 1).pk
    envelope(street.bob.meter, 1, number=last + 2)
    assert watch(street) == 0
    envelope(street.carol.meter, 1, fork=True, number=last + 1)
    envelope(street.bob.meter, 2, number=last + 3)
    assert watch(street) == 1
    assert (Flag.objects.get().rule, Flag.objects.get().point) == (Rule.COUNTER_FORK, street.carol.point)
