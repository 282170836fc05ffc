"""Taking in records: what is kept, what is answered."""

from dataclasses import replace

from grid.domain.entries import EntryKind
from grid.metering.models import Envelope, Meter, MeterKey
from grid.metering.queries import last_registers, raw_record
from grid.metering.queries.registers import readings_around
from grid.metering.services import ingest
from grid.records import queries as log
from tests.grid.metering.conftest import FIRST_SLOT, Home, at_slot

NOW = at_slot(FIRST_SLOT + 2, 5)
READINGS = [(FIRST_SLOT, 1000, 50), (FIRST_SLOT + 1, 1200, 50), (FIRST_SLOT + 2, 1300, 90)]


def test_accepted_record_is_logged_stored_and_receipted(alice: Home) -> None:
    text = alice.record(1, READINGS)

    (result,) = ingest(records=[text], now=NOW)

    assert (result.status, result.readings, result.stored) == ("accepted", 3, 3)
    assert result.receipt is not None
    entry = log.entry(result.receipt["index"])
    assert entry.kind is EntryKind.READING
    assert entry.fields["counter"] == 1
    assert entry.fields["point"] == alice.point.word
    assert entry.leaf_hash.hex() == result.receipt["leaf_hash"]
    assert raw_record(entry.index) == text.encode()
    meter = Meter.objects.get(pk=alice.meter.pk)
    assert (meter.last_counter, meter.last_seen_at) == (1, NOW)
    newest = last_registers([meter.pk])[meter.pk]
    assert newest[:3] == ((FIRST_SLOT + 2) * 900, 1300, 90)
    assert newest.log_index == entry.index


def test_stored_record_is_not_readable_without_its_key(alice: Home) -> None:
    ingest(records=[alice.record(1, READINGS)], now=NOW)

    assert b"alice" not in bytes(Envelope.objects.get().sealed)


def test_repeat_gets_the_same_receipt_and_changes_nothing(alice: Home) -> None:
    text = alice.record(1, READINGS)
    (first,) = ingest(records=[text], now=NOW)

    (again,) = ingest(records=[text], now=at_slot(FIRST_SLOT + 9))

    assert again.status == "duplicate"
    assert again.receipt == first.receipt
    assert Envelope.objects.count() == 1


def test_repeat_within_one_request_is_a_duplicate(bob: Home) -> None:
    text = bob.record(1, READINGS)

    first, again = ingest(records=[text, text], now=NOW)

    assert (first.status, again.status) == ("accepted", "duplicate")
    assert first.receipt == again.receipt


def test_reshaped_signature_over_the_same_readings_is_a_duplicate_not_a_fork(alice: Home) -> None:
    text = alice.record(1, READINGS)
    payload = text.split("|")[1]
    ingest(records=[text], now=NOW)
    spaced = f"OCMF|{payload}|{text.split('|')[2].replace(':', ': ')}"

    (result,) = ingest(records=[spaced], now=NOW)

    assert result.status == "duplicate"
    assert Envelope.objects.filter(fork=True).count() == 0


def test_other_readings_under_a_used_counter_are_kept_as_evidence(alice: Home) -> None:
    (first,) = ingest(records=[alice.record(1, READINGS)], now=NOW)
    forged = alice.record(1, [(FIRST_SLOT, 7, 7)])

    (result,) = ingest(records=[forged], now=NOW)
    (repeated,) = ingest(records=[forged], now=NOW)

    assert (result.status, repeated.status) == ("fork", "fork")
    assert result.refusal is not None
    assert result.refusal.code == "counter-replayed"
    assert result.receipt == first.receipt
    fork = Envelope.objects.get(fork=True)
    assert fork.log_index is None
    assert last_registers([alice.meter.pk])[alice.meter.pk].import_wh == 1300


def test_late_record_with_a_lower_counter_is_accepted(bob: Home) -> None:
    ingest(records=[bob.record(2, READINGS[2:])], now=NOW)

    (late,) = ingest(records=[bob.record(1, READINGS[:2])], now=NOW)

    assert late.status == "accepted"
    assert Meter.objects.get(pk=bob.meter.pk).last_counter == 2
    found = readings_around([bob.meter.pk], first=FIRST_SLOT * 900, last=(FIRST_SLOT + 2) * 900)
    assert [reading.import_wh for reading in found[bob.meter.pk]] == [1000, 1200, 1300]


def test_first_register_of_an_instant_counts(bob: Home) -> None:
    ingest(records=[bob.record(1, READINGS)], now=NOW)

    (second,) = ingest(records=[bob.record(2, [(FIRST_SLOT + 2, 9999, 90)])], now=NOW)

    assert (second.status, second.stored) == ("accepted", 0)
    assert last_registers([bob.meter.pk])[bob.meter.pk].import_wh == 1300


def test_bad_records_do_not_touch_good_ones_beside_them(alice: Home, bob: Home) -> None:
    good, other = alice.record(1, READINGS), bob.record(1, READINGS)
    unsigned = "|".join(good.split("|")[:2])
    tampered = good.replace("1200", "1201")
    in_kvarh = alice.sign(good.split("|")[1].replace('"RU":"Wh"', '"RU":"kvarh"').encode())
    stranger = replace(alice, identity=replace(alice.identity, serial="CW-mallory"))

    results = ingest(
        records=[
            "not OCMF",
            good,
            unsigned,
            tampered,
            in_kvarh,
            good + " " * 70_000,
            stranger.record(1, READINGS),
            alice.record(5, READINGS, private_key=77),
            alice.record(6, [(FIRST_SLOT + 3, 1, 1)]),
            alice.record(7, READINGS, clock="U"),
            other,
        ],
        now=NOW,
    )

    codes = [result.refusal.code if result.refusal else result.status for result in results]
    assert codes == [
        "malformed",
        "accepted",
        "unsigned",
        "bad-signature",
        "wrong-unit",
        "oversized",
        "unknown-meter",
        "bad-signature",
        "future",
        "clock-unsynchronised",
        "accepted",
    ]
    assert Envelope.objects.count() == 2


def test_reading_before_any_binding_is_refused(alice: Home) -> None:
    (result,) = ingest(records=[alice.record(1, [(FIRST_SLOT - 5, 1, 1)])], now=NOW)

    assert result.refusal is not None
    assert result.refusal.code == "meter-unbound"


def test_record_beyond_the_end_of_its_key_is_refused(alice: Home) -> None:
    MeterKey.objects.filter(meter=alice.meter).update(to_counter=3)
    (ended,) = ingest(records=[alice.record(3, READINGS)], now=NOW)

    assert ended.refusal is not None
    assert ended.refusal.code == "meter-revoked"
    assert Envelope.objects.count() == 0


def test_key_of_another_suite_is_refused(alice: Home, bob: Home) -> None:
    swapped = replace(alice, identity=replace(alice.identity, suite=bob.identity.suite))

    (result,) = ingest(records=[swapped.record(1, READINGS)], now=NOW)

    assert result.refusal is not None
    assert result.refusal.code == "bad-signature"
