"""What a process remembers of the registry never outlives a change of it."""

from django.db import connection

from grid.domain import ocmf
from grid.domain.entries import Suite
from grid.metering.models import Binding, Meter, MeterKey
from grid.metering.services import ingest
from grid.metering.services.registrations import load, lookup
from tests.grid.metering.conftest import FIRST_SLOT, Home, at_slot

NOW = at_slot(FIRST_SLOT + 2, 5)

OWN_RECORDS_CHANGE = {"id", "last_counter", "last_seen_at", "registry_version"}
"""Columns that say nothing about whether a record may be taken."""


def one(home: Home, counter: int, **kwargs: int) -> str:
    (result,) = ingest(records=[home.record(counter, [(FIRST_SLOT, counter, 1)], **kwargs)], now=NOW)
    return result.refusal.code if result.refusal else result.status


def test_every_column_of_the_registry_raises_the_version(alice: Home) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.attname FROM pg_trigger t JOIN pg_attribute a"
            " ON a.attrelid = t.tgrelid AND a.attnum = ANY(t.tgattr::int2[])"
            " WHERE t.tgname = 'metering_meter_changed'"
        )
        watched = {name for (name,) in cursor.fetchall()}
    assert watched == {field.column for field in Meter._meta.concrete_fields} - OWN_RECORDS_CHANGE


def test_a_key_that_ends_is_refused_at_once_and_taken_again_when_it_is_trusted(alice: Home) -> None:
    assert one(alice, 1) == "accepted"
    MeterKey.objects.filter(meter=alice.meter).update(to_counter=2)
    assert one(alice, 2) == "meter-revoked"
    MeterKey.objects.filter(meter=alice.meter).update(to_counter=None)
    assert one(alice, 2) == "accepted"


def test_a_key_counts_from_its_registration_on(alice: Home) -> None:
    assert one(alice, 1) == "accepted"
    assert one(alice, 2, private_key=77) == "bad-signature"
    MeterKey.objects.create(
        meter=alice.meter,
        suite=ocmf.SUITE_NAMES[Suite.P256],
        public_key=ocmf.public_key_bytes(Suite.P256, 77),
        from_counter=2,
    )
    assert one(alice, 2, private_key=77) == "accepted"
    MeterKey.objects.filter(from_counter=2).update(to_counter=3)
    assert one(alice, 3, private_key=77) == "bad-signature"


def test_a_change_between_look_up_and_storing_is_seen(alice: Home) -> None:
    load({alice.identity.serial})
    before = lookup({alice.identity.serial})[alice.identity.serial]
    Binding.objects.create(
        point=alice.point,
        meter=alice.meter,
        account=None,
        from_day=10**6,
        co_signature=b"",
        recorded_at=NOW,
    )

    assert one(alice, 1) == "accepted"

    after = lookup({alice.identity.serial})[alice.identity.serial]
    assert after.version > before.version
    assert len(after.bindings) == len(before.bindings) + 1


def test_own_records_leave_the_version_alone(alice: Home) -> None:
    version = load({alice.identity.serial})[alice.identity.serial].version
    assert one(alice, 1) == "accepted"
    assert load({alice.identity.serial})[alice.identity.serial].version == version
