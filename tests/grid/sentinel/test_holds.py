"""Holds: who may release them, when they end, and what the log says about it."""

import json

import pytest

from grid.accounts.models import Role, RoleGrant, User
from grid.domain.refusals import Refused
from grid.records import queries as records
from grid.sentinel import services as sentinel
from grid.sentinel.models import Hold
from grid.sentinel.queries import desk
from grid.sentinel.services.releasing import release
from tests.grid.street import FIRST, Street, at_slot

NOW = at_slot(FIRST + 97)


@pytest.fixture
def hold(street: Street) -> Hold:
    street.measure(street.bob.point, {FIRST: (9_000, 0)})
    street.close(FIRST + 1)
    sentinel.watch(zone=street.zone, now=NOW)
    return Hold.objects.get()


def operator(street: Street, role: Role = Role.OPERATOR) -> User:
    user = User.objects.create(username=str(role))
    RoleGrant.objects.create(user=user, community=street.community, role=role)
    return user


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.METER_DATA_RESPONSIBLE])
def test_a_responsible_person_releases_a_hold_with_a_reason(street: Street, hold: Hold, role: Role) -> None:
    released = release(hold=hold, by=operator(street, role), reason="meter was exchanged", now=NOW)
    assert released.released_at == NOW
    assert desk.active_holds(street.zone, now=NOW) == []
    entry = records.entry(records.log_size() - 1)
    assert entry.fields["decisionKind"] == 5
    assert json.loads(entry.document or b"")["hold"] == hold.log_index


def test_a_repeat_writes_nothing_again(street: Street, hold: Hold) -> None:
    who = operator(street)
    release(hold=hold, by=who, reason="meter was exchanged", now=NOW)
    size = records.log_size()
    release(hold=hold, by=who, reason="again", now=at_slot(FIRST + 99))
    assert records.log_size() == size


def test_owner_stranger_and_auditor_may_not_release(street: Street, hold: Hold) -> None:
    for person in (street.bob.user, street.mallory, operator(street, Role.AUDITOR)):
        with pytest.raises(Refused) as refusal:
            release(hold=hold, by=person, reason="please", now=NOW)
        assert refusal.value.code == "not_allowed"
    assert desk.active_holds(street.zone, now=NOW) == [hold]


def test_a_reason_is_required(street: Street, hold: Hold) -> None:
    with pytest.raises(Refused) as refusal:
        release(hold=hold, by=operator(street), reason="  ", now=NOW)
    assert refusal.value.code == "no_reason"


def test_a_hold_ends_by_itself(street: Street, hold: Hold) -> None:
    assert desk.active_holds(street.zone, now=hold.ends_at) == []
