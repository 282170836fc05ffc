"""The sums of a zone's slots follow the intervals, whoever writes them and in whatever order."""

import random
from datetime import timedelta

import pytest
from django.db import connection

from grid.accounts.models import Zone
from grid.domain.registers import Quality
from grid.metering.models import Interval, ZoneSlot
from grid.metering.queries import energy_by_slot
from grid.metering.services import ingest, recording, slots
from tests.grid.metering.conftest import FIRST_SLOT, Home, at_slot
from tests.rights import owner

SLOTS = range(FIRST_SLOT, FIRST_SLOT + 3)
COUNTED = (
    "slot",
    "import_wh",
    "export_wh",
    "feeder_import_wh",
    "feeder_export_wh",
    "members",
    "estimated",
    "missing",
    "feeders",
    "feeders_unread",
    "log_size",
    "known_at",
)


def counted(zone: Zone) -> list[tuple[object, ...]]:
    return list(ZoneSlot.objects.filter(zone=zone).order_by("slot").values_list(*COUNTED))


def by_hand(homes: list[Home], feeder: Home) -> list[tuple[object, ...]]:
    """The sums, from the interval rows and in Python."""
    found = []
    for slot in SLOTS:
        rows = list(Interval.objects.filter(slot=slot).order_by("version"))
        newest = {row.point_id: row for row in rows}
        members = [newest[h.point.number] for h in homes if h.point.number in newest]
        feeders = [newest[feeder.point.number]] if feeder.point.number in newest else []
        if not newest:
            continue
        found.append(
            (
                slot,
                sum(row.import_wh for row in members),
                sum(row.export_wh for row in members),
                sum(row.import_wh for row in feeders),
                sum(row.export_wh for row in feeders),
                len(members),
                sum(row.quality not in (Quality.VALID, Quality.MISSING) for row in members),
                sum(row.quality == Quality.MISSING for row in members),
                len(feeders),
                sum(row.quality != Quality.VALID for row in feeders),
                max(row.log_index for row in rows) + 1,
                max(row.known_at for row in rows),
            )
        )
    return found


@pytest.mark.parametrize("seed", range(6))
def test_sums_follow_any_history(zone: Zone, alice: Home, bob: Home, feeder: Home, seed: int) -> None:
    dice = random.Random(seed)
    rows = [
        Interval(
            point=home.point,
            slot=slot,
            version=version,
            import_wh=dice.randrange(2**31),
            export_wh=dice.randrange(900),
            quality=dice.choice(list(Quality)),
            log_index=dice.randrange(1000),
            known_at=at_slot(slot, dice.randrange(5000)),
        )
        for home in (alice, bob, feeder)
        for slot in SLOTS
        for version in range(dice.randint(1, 3))
    ]
    dice.shuffle(rows)
    while rows:
        count = dice.randint(1, 6)
        Interval.objects.bulk_create(rows[:count])
        del rows[:count]
        assert counted(zone) == by_hand([alice, bob], feeder)
    chosen = Interval.objects.filter(point=bob.point, version=0)
    chosen.update(import_wh=7)
    assert counted(zone) == by_hand([alice, bob], feeder)
    Interval.objects.filter(point__in=[alice.point.number, feeder.point.number], slot__lt=SLOTS[2]).delete()
    assert counted(zone) == by_hand([alice, bob], feeder)
    Interval.objects.filter(slot=SLOTS[0]).delete()
    assert counted(zone) == by_hand([alice, bob], feeder)
    with owner(), connection.cursor() as cursor:
        cursor.execute("TRUNCATE metering_interval")
    assert counted(zone) == []


def test_totals_as_known_before_a_revision(zone: Zone, alice: Home, bob: Home) -> None:
    ingest(records=[alice.record(1, [(FIRST_SLOT, 0, 0), (FIRST_SLOT + 1, 70, 0)])], now=at_slot(FIRST_SLOT + 1))
    ingest(records=[bob.record(1, [(FIRST_SLOT, 5, 0)])], now=at_slot(FIRST_SLOT + 1))
    closed = at_slot(FIRST_SLOT + 1, slots.GRACE_SECONDS)
    slots.close_due(zone=zone, now=closed)
    late = closed + timedelta(seconds=30)
    ingest(records=[bob.record(2, [(FIRST_SLOT + 1, 45, 0)])], now=late)
    slots.close_due(zone=zone, now=late)

    (now,) = energy_by_slot(zone=zone, from_slot=FIRST_SLOT, to_slot=FIRST_SLOT + 1)
    (then,) = energy_by_slot(zone=zone, from_slot=FIRST_SLOT, to_slot=FIRST_SLOT + 1, known_at=closed)

    assert (now.import_wh, now.missing) == (110, 0)
    assert (then.import_wh, then.missing) == (70, 1)


def test_absurd_register_leaves_its_slot_missing_and_its_zone_open(zone: Zone, alice: Home, bob: Home) -> None:
    """An edited or broken register may ask for more than any cable carries; the neighbours are closed all the same."""
    alice.meter.register_modulus_wh = 10**15
    alice.meter.save()
    now = at_slot(FIRST_SLOT + 1)
    ingest(records=[alice.record(1, [(FIRST_SLOT, 0, 0), (FIRST_SLOT + 1, recording.MAX_WH + 1, 0)])], now=now)
    ingest(records=[bob.record(1, [(FIRST_SLOT, 5, 0), (FIRST_SLOT + 1, 25, 0)])], now=now)

    assert slots.close_due(zone=zone, now=at_slot(FIRST_SLOT + 1, slots.GRACE_SECONDS)) == 2

    assert [(row.import_wh, row.quality) for row in Interval.objects.filter(point=alice.point)] == [
        (0, Quality.MISSING)
    ]
    assert [row.import_wh for row in Interval.objects.filter(point=bob.point)] == [20]
