"""The projection made again from the log and the envelopes alone."""

from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from grid.accounts.models import Zone
from grid.domain.registers import Quality
from grid.domain.slots import day_of, month_of_day
from grid.metering.models import Interval, RegisterBlock, ZoneSlot
from grid.metering.services import ingest, projection, slots
from grid.metering.services.projection import staging
from grid.records.models import LogKey
from grid.records.queries import keys, walking
from tests.grid.metering.conftest import FIRST_SLOT, Home, at_slot
from tests.rights import owner

TABLES = ("metering_interval", "metering_zoneslot", "metering_registerblock")


def dump() -> dict[str, list[tuple[Any, ...]]]:
    """Every row of the projection, byte for byte as PostgreSQL writes it."""
    found = {}
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"SELECT t::text FROM {table} t ORDER BY 1")
            found[table] = cursor.fetchall()
    return found


def empty() -> None:
    with owner(), connection.cursor() as cursor:
        cursor.execute("TRUNCATE metering_interval")
        cursor.execute("TRUNCATE metering_zoneslot")
        cursor.execute("TRUNCATE metering_registerblock")


@pytest.fixture
def lived(zone: Zone, alice: Home, bob: Home, feeder: Home) -> dict[str, list[tuple[Any, ...]]]:
    """Some closed slots, with late data that made second versions."""
    now = at_slot(FIRST_SLOT + 4)
    ingest(records=[alice.record(1, [(FIRST_SLOT + n, 100 * n, 7 * n) for n in range(5)])], now=now)
    ingest(records=[bob.record(1, [(FIRST_SLOT, 5, None), (FIRST_SLOT + 3, 65, None)])], now=now)
    ingest(records=[feeder.record(1, [(FIRST_SLOT, 0, 0), (FIRST_SLOT + 1, 90, 0)])], now=now)
    slots.close_due(zone=zone, now=at_slot(FIRST_SLOT + 4, slots.GRACE_SECONDS))
    late = at_slot(FIRST_SLOT + 4, slots.GRACE_SECONDS + 60)
    ingest(
        records=[bob.record(2, [(FIRST_SLOT, 4, None), (FIRST_SLOT + 1, 6, None), (FIRST_SLOT + 4, 70, None)])],
        now=late,
    )
    slots.close_due(zone=zone, now=late)
    assert Interval.objects.filter(version=1).exists()
    return dump()


def test_rebuilt_from_nothing_it_is_equal_to_the_byte(lived: dict[str, list[tuple[Any, ...]]]) -> None:
    empty()

    report = projection.rebuild()

    assert dump() == lived
    assert report.intervals == len(lived["metering_interval"])
    assert report.registers == len(lived["metering_registerblock"]) > 3
    assert report.differing == report.intervals + report.registers
    assert projection.check().differing == 0


def test_sound_projection_is_left_alone(lived: dict[str, list[tuple[Any, ...]]]) -> None:
    assert projection.check().differing == 0
    assert projection.rebuild().differing == 0
    assert dump() == lived


def _first_block() -> int:
    return RegisterBlock.objects.order_by("log_index").values_list("pk", flat=True)[0]


def _extra() -> None:
    row = Interval.objects.order_by("slot").first()
    assert row is not None
    row.version = 9
    row.log_index = 0
    row.save(force_insert=True)


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        (lambda: Interval.objects.filter(slot=FIRST_SLOT, import_wh=100).update(import_wh=101), "101 Wh in"),
        (lambda: Interval.objects.filter(slot=FIRST_SLOT, import_wh=100).update(quality=Quality.MISSING), "quality 10"),
        (lambda: Interval.objects.filter(version=1).update(log_index=3), "entry 3"),
        (lambda: Interval.objects.filter(version=1).update(known_at=at_slot(FIRST_SLOT)), "of 20"),
        (lambda: Interval.objects.filter(version=1).delete(), "missing, should be"),
        (_extra, "should not be there"),
        (lambda: ZoneSlot.objects.filter(slot=FIRST_SLOT).update(import_wh=1), "zone sums"),
        (lambda: ZoneSlot.objects.filter(slot=FIRST_SLOT).update(missing=1), "zone sums"),
        (lambda: ZoneSlot.objects.filter(slot=FIRST_SLOT).delete(), "missing, should be"),
        (lambda: RegisterBlock.objects.filter(pk=_first_block()).update(first_at=0), "from 0 to"),
        (
            lambda: RegisterBlock.objects.filter(pk=_first_block()).update(log_index=10**6),
            "missing, should be 5 readings",
        ),
        (lambda: RegisterBlock.objects.filter(pk=_first_block()).update(packed=b"\x07"), "1 bytes that do not unpack"),
        (lambda: RegisterBlock.objects.filter(pk=_first_block()).delete(), "registers envelope"),
    ],
)
def test_damaged_row_is_named_and_put_right(
    lived: dict[str, list[tuple[Any, ...]]], damage: Callable[[], object], named: str
) -> None:
    damage()
    damaged = dump()
    assert damaged != lived

    report = projection.check()

    assert dump() == damaged
    assert report.differing > 0
    assert named in " | ".join(str(difference) for difference in report.named)
    with pytest.raises(CommandError, match="rows differ"):
        call_command("rebuild_projection", "--check", stdout=StringIO(), stderr=StringIO())
    call_command("rebuild_projection", stdout=StringIO(), stderr=StringIO())
    assert dump() == lived


def test_stopped_run_is_continued(lived: dict[str, list[tuple[Any, ...]]], monkeypatch: pytest.MonkeyPatch) -> None:
    empty()
    monkeypatch.setattr(walking, "BLOCKS", 2)
    seen: list[int] = []

    def stop(what: str, done: int, of: int) -> None:
        seen.append(done)
        if len(seen) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        projection.rebuild(progress=stop)
    again: list[tuple[str, int]] = []

    projection.rebuild(progress=lambda what, done, of: again.append((what, done)))

    assert again[0][0] == "log entries"
    assert again[0][1] > seen[-1] > 0
    assert dump() == lived
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {staging.TABLE}")
        assert cursor.fetchone() == (0,)


def test_key_erased_while_a_run_was_stopped_brings_nothing_back(
    bob: Home, lived: dict[str, list[tuple[Any, ...]]]
) -> None:
    def stop(what: str, done: int, of: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        projection.rebuild(progress=stop)
    erased = Interval.objects.filter(point=bob.point).count()
    LogKey.objects.filter(scope=bob.point.pk).delete()
    keys.forget()
    empty()

    report = projection.rebuild()

    assert report.erased_entries == erased
    assert not Interval.objects.filter(point=bob.point).exists()


def test_erased_period_stays_empty_and_is_reported(
    zone: Zone, alice: Home, bob: Home, lived: dict[str, list[tuple[Any, ...]]]
) -> None:
    month = month_of_day(day_of(FIRST_SLOT))
    erased = Interval.objects.filter(point=bob.point).count()
    LogKey.objects.filter(scope=bob.point.pk, period=month).delete()
    keys.forget()

    report = projection.check()

    assert report.erased_entries == erased
    assert report.erased_envelopes == 2
    assert report.differing >= erased + 2
    projection.rebuild()
    assert not RegisterBlock.objects.filter(meter=bob.meter).exists()
    assert not Interval.objects.filter(point=bob.point).exists()
    assert {row.members for row in ZoneSlot.objects.filter(zone=zone)} == {1}
    assert Interval.objects.filter(point=alice.point).count() == 4
    assert projection.check().differing == 0
