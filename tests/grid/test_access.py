"""Every address of the platform for every person: generated from the URL configuration, none left out."""

import re
from collections.abc import Iterator
from uuid import UUID

from django.contrib import admin
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from grid.domain.slots import date_of_day
from grid.metering.models import Application, BindingProposal, BulkUpload, SlotException
from tests.factories import NOW, TODAY, People
from tests.grid.pages import at_noon, escrow, fresh_memory, neighbours, people
from tests.neighbourhood import SLOT_NOW, Neighbourhood

__all__ = ["at_noon", "escrow", "fresh_memory", "neighbours", "people"]

CSRF_VALUE = re.compile(rb'name="csrfmiddlewaretoken" value="[^"]+"')

OPEN = {
    "login", "demo_login", "logout", "set_language", "healthz", "readyz", "problems", "problem", "api-readings",
    "api-claim", "api-claim-state", "api-keys",
    "log-checkpoint", "log-checkpoint-anchored", "log-tile", "log-tile-partial", "log-inclusion",
    "log-consistency", "log-key", "api-docs", "api-openapi", "api-unknown",
}  # fmt: skip
"""What needs no login: signing in, health, help, and the public APIs, which have tests of their own."""

SIGNED_IN = {"home", "live_token", "access", "tokens", "shared"}
"""Pages that show each person what is theirs."""

OWN_FIRST = {"statements", "points"}
"""Shortcuts to the person's first account."""

OWN = {
    "account_home", "prices_csv", "outlook_csv", "account_part", "account_statements", "statement",
    "statement_csv", "account_points", "latest_readings", "readings", "readings_csv",
    "account_access", "proposal", "proposal_json",
}  # fmt: skip
OWNER_POSTS = {"request_withdrawal", "give_consent", "revoke_consent", "revoke_token"}
REACHED = {
    "readings_export": ("olga", "mara"),
    "reading_case": ("olga", "mara"),
    "statement_case": ("olga", "ada", "aurel"),
}
"""What members reach, and these by their role; a third party only by a consent, which nobody gave here."""

DESK = {"desk", "zone_desk", "desk_part", "desk_quality", "desk_forecast_csv", "desk_prices_csv"}
METERS = {
    "meters", "zone_meters", "meters_csv", "flags_csv", "meter_approvals", "meter_upload", "meter_upload_report",
    "meter_upload_csv", "meter_exceptions", "meter_device", "latest_versions", "point_versions", "edit_slots",
}  # fmt: skip
METER_POSTS = {
    "meter_code",
    "meter_decide",
    "meter_withdraw",
    "meter_accept",
    "meter_end",
    "meter_key",
    "meter_propose",
}
RUNS = {"runs", "zone_runs", "runs_csv"}
LOG = {"log", "log_entry"}
ROLES = {
    **dict.fromkeys(DESK, ("olga",)),
    **dict.fromkeys(METERS | METER_POSTS, ("olga", "mara")),
    **dict.fromkeys(RUNS, ("olga", "ada", "aurel")),
    **dict.fromkeys(LOG, ("olga", "mara", "ada", "aurel")),
}
OF_A_ZONE = {name for name in DESK | METERS | RUNS if name not in ("desk", "meters", "runs")}
"""What belongs to one community: who has the role in another one is not told that it exists."""


def names(patterns: list[URLPattern | URLResolver]) -> Iterator[tuple[str, URLPattern]]:
    """Every named address outside the admin and the JSON API, which have matrices of their own."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            if pattern.namespace not in ("admin", "api"):
                yield from names(pattern.url_patterns)
        elif pattern.name:
            yield pattern.name, pattern
        else:
            raise AssertionError(f"{pattern} has no name, so nobody can say who may open it")


def path_of(name: str, pattern: URLPattern, made: Neighbourhood) -> str:
    """The address, filled with what is Alice's or of her zone."""
    people = made.people
    values = {
        "address": people.home.account.address,
        "point_id": people.home.point.id,
        "zone_id": people.zone.id,
        "day": date_of_day(TODAY - 1),
        "part": "now",
        "target": "import",
        "slot": SLOT_NOW - 4,
        "index": 7,
        "meter_id": people.home.meter.id,
        "first": SLOT_NOW - 6,
        "last": SLOT_NOW - 5,
        **waiting(made),
        "consent_id": 1,
        "token_id": 1,
        "code": "malformed",
    }
    return reverse(name, kwargs={key: values[key] for key in pattern.pattern.converters})


def waiting(made: Neighbourhood) -> dict[str, object]:
    """One of each thing that waits for a person, of Alice's point."""
    home, by = made.people.home, made.people.olga
    upload, _ = BulkUpload.objects.get_or_create(
        zone=made.people.zone,
        name="x",
        defaults={
            "by": by,
            "at": NOW,
            "report": [{"line": 2, "serial": "B-1", "status": "error", "message": "suite: P-256 or secp256k1"}],
        },
    )
    terms = {"point": home.point, "meter": home.meter, "account": home.account, "from_day": TODAY + 1}
    proposal, _ = BindingProposal.objects.get_or_create(**terms, defaults={"proposed_by": by, "proposed_at": NOW})
    application, _ = Application.objects.get_or_create(
        zone=made.people.zone, serial="CW-asks", defaults={"public_key": bytes(33), "asked_at": NOW}
    )
    exception, _ = SlotException.objects.get_or_create(
        point=home.point, rule="spike", first_slot=1, defaults={"last_slot": 1, "raised_at": NOW}
    )
    return {
        "upload_id": upload.pk,
        "proposal_id": proposal.pk,
        "application_id": application.pk,
        "exception_id": exception.pk,
    }


def expected(name: str, person: str) -> set[int]:
    """The status codes that are right."""
    if person == "nobody":
        return {302}
    if name in SIGNED_IN:
        return {200, 302}
    if name in OWN_FIRST:
        return {302} if person in ("alice", "bob", "mallory") else {404}
    if name in OWN:
        # Of a proposal's JSON a chain that does not answer is as much a reply as the data itself.
        if name == "proposal_json" and person in ("alice", "bob"):
            return {200, 503}
        return {200, 302} if person in ("alice", "bob") else {404}
    if name in REACHED:
        # An export without a range is as absent for its owner; tests of exports download real ones.
        return {404} if person not in ("alice", "bob", *REACHED[name]) else {200, 404, 409}
    if name in OWNER_POSTS:
        return {405}
    if name in METER_POSTS:
        return {405} if person in ("olga", "mara", "otto") else {403}
    if person in ROLES[name]:
        return {200, 302}
    return {404} if person == "otto" and name in OF_A_ZONE else {200, 302} if person == "otto" else {403}


def test_every_address_is_named_in_the_matrix() -> None:
    known = OPEN | SIGNED_IN | OWN_FIRST | OWN | OWNER_POSTS | REACHED.keys() | ROLES.keys()
    assert {name for name, _ in names(get_resolver().url_patterns)} == known


def test_each_person_gets_what_is_theirs_and_nothing_else(client: Client, neighbours: Neighbourhood) -> None:
    wrong = []
    for name, pattern in names(get_resolver().url_patterns):
        if name in OPEN:
            continue
        path = path_of(name, pattern, neighbours)
        for who, person in neighbours.people.everyone.items():
            client.logout()
            if person is not None:
                client.force_login(person)
            answer = client.get(path)
            allowed = expected(name, who)
            if answer.status_code not in allowed:
                wrong.append(f"{who} gets {answer.status_code} at {path}, not {sorted(allowed)}")
            if (
                answer.status_code == 302
                and who == "nobody"
                and not answer.headers["Location"].startswith(reverse("login"))
            ):
                wrong.append(f"nobody is sent to {answer.headers['Location']} from {path}")
    assert wrong == []


def test_a_stranger_cannot_tell_an_account_from_none(client: Client, people: People) -> None:
    client.force_login(people.mallory)
    for name in ("account_home", "account_statements", "account_points"):
        answers = [
            client.get(reverse(name, args=[address])) for address in (people.home.account.address, "0x" + "77" * 20)
        ]
        assert [answer.status_code for answer in answers] == [404, 404]
        real, made_up = (CSRF_VALUE.sub(b"", answer.content) for answer in answers)
        assert real == made_up


def test_a_viewer_may_not_withdraw(client: Client, people: People) -> None:
    path = reverse("request_withdrawal", args=[people.home.account.address])
    client.force_login(people.bob)
    assert client.post(path, {"amount": "1"}).status_code == 403
    client.force_login(people.mallory)
    assert client.post(path, {"amount": "1"}).status_code == 404


def test_the_admin_lets_nobody_add_change_or_delete_a_fact(client: Client, neighbours: Neighbourhood) -> None:
    neighbours.people.olga.is_staff = neighbours.people.olga.is_superuser = True
    neighbours.people.olga.save()
    client.force_login(neighbours.people.olga)
    editable = set()
    for model in admin.site._registry:
        base = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        assert client.get(reverse(f"{base}_changelist")).status_code == 200
        if client.get(reverse(f"{base}_add")).status_code == 200:
            editable.add(model.__name__)
        row = model._default_manager.first()
        if row is not None:
            assert client.get(reverse(f"{base}_change", args=[row.pk])).status_code == 200
            assert client.post(reverse(f"{base}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
    assert editable == {"User", "Group", "Community", "Zone"}


def test_an_unknown_point_is_as_absent_as_a_foreign_one(client: Client, people: People) -> None:
    client.force_login(people.alice)
    foreign = reverse("latest_readings", args=[people.elsewhere.point.id])
    assert client.get(foreign).status_code == 404
    assert client.get(reverse("latest_readings", args=[UUID(int=1)])).status_code == 404
