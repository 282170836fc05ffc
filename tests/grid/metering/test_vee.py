"""Exceptions and edits: what a person sees, what they write down, and that nothing before is lost."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import IntegrityError, transaction

from grid.accounts.models import User, Zone
from grid.domain.entries import DecisionKind, EntryKind
from grid.domain.refusals import Refused
from grid.domain.registers import Quality
from grid.domain.vee import Method, Rule
from grid.metering.models import Envelope, ExceptionState, Interval, IntervalEdit, SlotException
from grid.metering.queries import intervals
from grid.metering.services import ingest, slots
from grid.metering.services.vee import editing, validation
from grid.records import log_key
from grid.records import queries as log
from tests.grid.metering.conftest import FIRST_DAY, FIRST_SLOT, Home, at_slot
from tests.grid.metering.people import auditor, operator, stranger

DAY = range(FIRST_SLOT, FIRST_SLOT + 96)
CLOSED = at_slot(DAY.stop + 1)


@pytest.fixture
def olga(zone: Zone) -> User:
    return operator(zone)


def send(home: Home, counter: int, registers: list[tuple[int, int, int | None]], slot: int = DAY.stop + 1) -> None:
    (result,) = ingest(records=[home.record(counter, registers)], now=at_slot(slot))
    assert result.status == "accepted", result


def day_of_readings(home: Home, *, without: range = range(0), spike: int | None = None) -> None:
    """A day of 100 Wh a slot, without the readings of some borders."""
    registers = [
        (slot, 100 * (slot - DAY.start) + (5_000 if spike and slot > spike else 0), 0)
        for slot in range(DAY.start, DAY.stop + 1)
        if slot not in without
    ]
    send(home, 1, registers)


def newest(home: Home, span: range, known_at: object = None) -> list[tuple[int, int, int]]:
    rows = intervals(points=[home.point.pk], from_slot=span.start, to_slot=span.stop, known_at=known_at)  # type: ignore[arg-type]
    return [(row.import_wh, row.quality, row.version) for row in rows]


def test_closed_day_is_validated_once(zone: Zone, alice: Home) -> None:
    day_of_readings(alice, without=range(DAY.start + 21, DAY.start + 40), spike=DAY.start + 50)

    slots.close_due(zone=zone, now=CLOSED)

    found = {(e.rule, e.first_slot - DAY.start, e.last_slot - DAY.start) for e in SlotException.objects.all()}
    assert found == {(Rule.LONG_GAP, 20, 39), (Rule.OVER_FUSE, 50, 50)}
    assert validation.validate_slots(zone=zone, slots=DAY, now=CLOSED) == 0
    slots.close_due(zone=zone, now=at_slot(DAY.stop + 2))
    assert SlotException.objects.count() == 2


def test_register_that_was_reset_is_told_from_a_silent_meter(zone: Zone, alice: Home, bob: Home) -> None:
    send(alice, 1, [(DAY.start, 9_000, 0), (DAY.start + 1, 9_100, 0), (DAY.start + 2, 3, 0), (DAY.stop, 4, 0)])
    slots.close_due(zone=zone, now=CLOSED)

    rules = {
        (e.point.name, e.rule, e.first_slot - DAY.start, e.last_slot - DAY.start) for e in SlotException.objects.all()
    }
    assert ("alice", Rule.REGISTER_FELL, 1, 1) in rules
    assert ("bob", Rule.MISSING, 0, 95) in rules


def test_late_readings_clear_an_exception(zone: Zone, alice: Home) -> None:
    gap = range(DAY.start + 21, DAY.start + 40)
    day_of_readings(alice, without=gap)
    slots.close_due(zone=zone, now=CLOSED)
    send(alice, 2, [(slot, 100 * (slot - DAY.start), 0) for slot in gap], DAY.stop + 2)

    slots.close_due(zone=zone, now=at_slot(DAY.stop + 3))

    assert SlotException.objects.get(rule=Rule.LONG_GAP).state == ExceptionState.CLEARED


def test_accepting_needs_a_reason(zone: Zone, alice: Home, olga: User) -> None:
    day_of_readings(alice, spike=DAY.start + 50)
    slots.close_due(zone=zone, now=CLOSED)
    exception = SlotException.objects.get()
    with pytest.raises(Refused) as raised:
        validation.accept(exception=exception, by=olga, reason="", now=CLOSED)
    assert raised.value.code == "no_reason"
    validation.accept(exception=exception, by=olga, reason="a sauna was tried", now=CLOSED)
    exception.refresh_from_db()
    assert (exception.state, exception.decided_by) == (ExceptionState.ACCEPTED, olga)


def test_edit_is_a_next_version_with_a_signed_statement(zone: Zone, alice: Home, olga: User) -> None:
    day_of_readings(alice, spike=DAY.start + 50)
    slots.close_due(zone=zone, now=CLOSED)
    slot = DAY.start + 50
    raw = Envelope.objects.get().sealed
    later = at_slot(DAY.stop + 2)

    made = editing.edit(
        point=alice.point, values={slot: (120, 0)}, method=Method.TYPED, by=olga, reason="pulse fault", now=later
    )

    assert newest(alice, range(slot, slot + 1)) == [(120, Quality.EDITED, 1)]
    assert newest(alice, range(slot, slot + 1), CLOSED) == [(5_100, Quality.VALID, 0)]
    assert Envelope.objects.get().sealed == raw
    entry = log.entry(made.log_index)
    assert (entry.kind, entry.fields["decisionKind"]) == (EntryKind.DECISION, DecisionKind.OVERRIDE)
    assert entry.document == bytes(made.statement)
    signer = log_key.signer()
    Ed25519PublicKey.from_public_bytes(signer.public_key).verify(bytes(made.signature), bytes(made.statement))
    said = json.loads(bytes(made.statement))
    assert (said["by"], said["reason"], said["roles"]) == (olga.pk, "pulse fault", ["operator"])
    assert said["slots"][0]["before"] == [5_100, 0, 0]
    row = Interval.objects.get(point=alice.point, slot=slot, version=1)
    first = Interval.objects.get(point=alice.point, slot=slot, version=0)
    assert log.decoded(row.log_index)["supersedes"] == first.log_index == said["slots"][0]["supersedes"]
    assert SlotException.objects.get().state == ExceptionState.EDITED


def test_undo_is_a_version_of_its_own(zone: Zone, alice: Home, olga: User) -> None:
    day_of_readings(alice)
    slots.close_due(zone=zone, now=CLOSED)
    slot = DAY.start + 3
    later = at_slot(DAY.stop + 2)
    editing.edit(point=alice.point, values={slot: (7, 0)}, method=Method.TYPED, by=olga, reason="try", now=later)

    editing.undo(point=alice.point, slots=range(slot, slot + 1), by=olga, reason="mistake", now=at_slot(DAY.stop + 3))

    assert newest(alice, range(slot, slot + 1)) == [(100, Quality.VALID, 2)]
    assert newest(alice, range(slot, slot + 1), later) == [(7, Quality.EDITED, 1)]
    assert [edit.method for edit in IntervalEdit.objects.order_by("pk")] == ["typed", "undo"]
    with pytest.raises(Refused) as raised:
        editing.undo(point=alice.point, slots=range(slot, slot + 1), by=olga, reason="again", now=CLOSED)
    assert raised.value.code == "edit_same"


def test_suggestion_adds_up_to_what_the_registers_rose(zone: Zone, alice: Home, olga: User) -> None:
    gap = range(DAY.start + 21, DAY.start + 40)
    day_of_readings(alice, without=gap)
    slots.close_due(zone=zone, now=CLOSED)
    span = range(DAY.start + 20, DAY.start + 40)

    suggestion = editing.suggest(point=alice.point, slots=span)

    assert suggestion.total == (2_000, 0)
    assert suggestion.estimate is not None
    assert suggestion.estimate.method is Method.INTERPOLATION
    assert sum(value[0] for value in suggestion.estimate.values) == 2_000


def test_measured_value_overrules_reference_days_but_no_typed_value(zone: Zone, alice: Home, olga: User) -> None:
    gap = range(DAY.start + 21, DAY.start + 40)
    day_of_readings(alice, without=gap)
    slots.close_due(zone=zone, now=CLOSED)
    later = at_slot(DAY.stop + 2)
    by_days, typed = DAY.start + 25, DAY.start + 30
    editing.edit(
        point=alice.point, values={by_days: (90, 0)}, method=Method.REFERENCE_DAY, by=olga, reason="gap", now=later
    )
    editing.edit(point=alice.point, values={typed: (80, 0)}, method=Method.TYPED, by=olga, reason="gap", now=later)
    send(alice, 2, [(slot, 100 * (slot - DAY.start), 0) for slot in gap], DAY.stop + 3)

    slots.close_due(zone=zone, now=at_slot(DAY.stop + 4))

    assert newest(alice, range(by_days, by_days + 1)) == [(100, Quality.VALID, 2)]
    assert newest(alice, range(typed, typed + 1)) == [(80, Quality.EDITED, 1)]


def test_even_spread_does_not_overrule_reference_days(zone: Zone, alice: Home, olga: User) -> None:
    day_of_readings(alice, without=range(DAY.start + 21, DAY.start + 40))
    slots.close_due(zone=zone, now=CLOSED)
    slot = DAY.start + 25
    editing.edit(
        point=alice.point,
        values={slot: (90, 0)},
        method=Method.REFERENCE_DAY,
        by=olga,
        reason="gap",
        now=at_slot(DAY.stop + 2),
    )
    send(alice, 2, [(DAY.start + 30, 3_100, 0)], DAY.stop + 3)

    slots.close_due(zone=zone, now=at_slot(DAY.stop + 4))

    assert newest(alice, range(slot, slot + 1)) == [(90, Quality.REFERENCE, 1)]


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({}, "edit_range"),
        ({DAY.start: (1, 0), DAY.start + 2: (1, 0)}, "edit_range"),
        ({DAY.start: (-1, 0)}, "edit_values"),
        ({DAY.start: (0, 10**6)}, "edit_values"),
        ({DAY.stop + 50: (1, 0)}, "edit_range"),
        (dict.fromkeys(range(DAY.start - 1, DAY.stop), (1, 0)), "edit_range"),
        ({DAY.start: (100, 0)}, ""),
    ],
)
def test_impossible_edit_is_refused(
    zone: Zone, alice: Home, olga: User, values: dict[int, tuple[int, int]], code: str
) -> None:
    day_of_readings(alice)
    slots.close_due(zone=zone, now=CLOSED)
    if not code:
        # The same energy, but written down: that is a change of quality.
        editing.edit(point=alice.point, values=values, method=Method.TYPED, by=olga, reason="x", now=CLOSED)
        code = "edit_same"
    with pytest.raises(Refused) as raised:
        editing.edit(point=alice.point, values=values, method=Method.TYPED, by=olga, reason="x", now=CLOSED)
    assert raised.value.code == code


def test_teammate_and_stranger_edit_nothing(zone: Zone, alice: Home, olga: User) -> None:
    day_of_readings(alice, spike=DAY.start + 50)
    slots.close_due(zone=zone, now=CLOSED)
    size = log.log_size()
    for person in (auditor(zone), stranger()):
        for change in (
            lambda by: editing.edit(
                point=alice.point, values={DAY.start: (1, 0)}, method=Method.TYPED, by=by, reason="x", now=CLOSED
            ),
            lambda by: editing.undo(
                point=alice.point, slots=range(DAY.start, DAY.start + 1), by=by, reason="x", now=CLOSED
            ),
            lambda by: validation.accept(exception=SlotException.objects.get(), by=by, reason="x", now=CLOSED),
        ):
            with pytest.raises(Refused) as raised:
                change(person)
            assert raised.value.code == "not_allowed"
    assert log.log_size() == size


def test_edits_are_append_only(zone: Zone, alice: Home, olga: User) -> None:
    day_of_readings(alice)
    slots.close_due(zone=zone, now=CLOSED)
    editing.edit(point=alice.point, values={DAY.start: (1, 0)}, method=Method.TYPED, by=olga, reason="x", now=CLOSED)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        IntervalEdit.objects.update(reason="other")
    assert FIRST_DAY * 96 == FIRST_SLOT


@pytest.mark.parametrize(("jitter", "found"), [(0, True), (1, False)])
def test_clock_that_is_behind_is_an_exception_of_the_day(zone: Zone, alice: Home, jitter: int, found: bool) -> None:
    for number, slot in enumerate(range(DAY.stop - 30, DAY.stop + 1), start=1):
        late = at_slot(slot, 12 + 7 * jitter * (number % 2))
        (result,) = ingest(records=[alice.record(number, [(slot, number, 0)])], now=late)
        assert result.status == "accepted"

    slots.close_due(zone=zone, now=CLOSED)

    assert SlotException.objects.filter(rule=Rule.CLOCK_BEHIND).exists() is found
