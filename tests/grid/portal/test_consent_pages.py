"""The pages by which a member gives and ends consents, sees who looked, and makes tokens."""

from datetime import date
from typing import Any

from django.test import Client
from django.urls import reverse

from grid.accounts.models import Access, ApiToken, Consent
from grid.accounts.services import find_token
from tests.factories import NOW, TODAY, People
from tests.grid.portal.api.conftest import consent
from tests.neighbourhood import Neighbourhood

WISH: dict[str, Any] = {
    "purpose": "advice",
    "data_sets": ["intervals", "statements"],
    "from_day": "2026-06-01",
    "to_day": "",
    "ends_at": "2026-09-30",
}


def give(client: Client, people: People, **changes: Any) -> Any:
    wish = WISH | {"grantee": people.tess.pk} | changes
    return client.post(reverse("give_consent", args=[people.home.account.address]), wish)


def test_a_consent_from_the_page_to_the_file_and_back(client: Client, neighbours: Neighbourhood) -> None:
    people = neighbours.people
    path = reverse("account_access", args=[people.home.account.address])
    client.force_login(people.alice)
    assert "Nobody but the account" in client.get(path).content.decode()
    assert give(client, people).status_code == 302
    text = client.get(path).content.decode()
    assert "Tess" in text
    assert "Energy advice" in text
    client.force_login(people.tess)
    shared = client.get(reverse("shared")).content.decode()
    assert people.home.account.label in shared
    case = reverse("statement_case", args=[people.home.account.address, date(2026, 6, 16)])
    assert case in shared
    export = reverse("readings_export", args=[people.home.point.id])
    assert export in shared
    assert client.get(export, {"first": "2026-06-16", "last": "2026-06-16"}).status_code == 200
    client.force_login(people.alice)
    assert "CSV, 2026-06-16 to 2026-06-16" in client.get(path).content.decode()
    for row in Consent.objects.all():
        answer = client.post(reverse("revoke_consent", args=[people.home.account.address, row.pk]))
        assert answer.status_code == 302
    client.force_login(people.tess)
    assert "Nobody has given you a consent" in client.get(reverse("shared")).content.decode()
    assert client.get(export, {"first": "2026-06-16", "last": "2026-06-16"}).status_code == 404
    assert client.get(case).status_code == 404


def test_mistakes_come_back_beside_their_field(client: Client, people: People) -> None:
    client.force_login(people.alice)
    for changes, said in (
        ({"grantee": people.mallory.pk}, "one of the third parties"),
        ({"grantee": ""}, "Choose who may read"),
        ({"data_sets": []}, "at least one kind"),
        ({"from_day": "x"}, "Write the day as"),
        ({"to_day": "2026-05-31"}, "must not be before"),
        ({"ends_at": "2026-06-01"}, "not in the past"),
        ({"ends_at": "9999-12-31"}, "between 2000 and 2100"),
        ({"purpose": "fun"}, "fun"),
    ):
        answer = give(client, people, **changes)
        assert answer.status_code == 422, changes
        assert said in answer.content.decode(), changes
    assert not Consent.objects.exists()


def test_a_viewer_sees_and_does_not_decide(client: Client, people: People) -> None:
    given = consent(people)
    address = people.home.account.address
    client.force_login(people.bob)
    text = client.get(reverse("account_access", args=[address])).content.decode()
    assert "Tess" in text
    assert "Give a consent" not in text
    assert give(client, people).status_code == 403
    assert client.post(reverse("revoke_consent", args=[address, given.pk])).status_code == 403
    client.force_login(people.mallory)
    assert give(client, people).status_code == 404
    assert client.post(reverse("revoke_consent", args=[address, given.pk])).status_code == 404
    client.force_login(people.tess)
    assert client.post(reverse("revoke_consent", args=[address, given.pk])).status_code == 404
    client.force_login(people.alice)
    assert client.post(reverse("revoke_consent", args=[address, given.pk + 99])).status_code == 404
    given.refresh_from_db()
    assert given.revoked_at is None


def test_a_case_file_taken_by_an_operator_is_noted(client: Client, neighbours: Neighbourhood) -> None:
    people = neighbours.people
    path = reverse("reading_case", args=[people.home.point.id, TODAY * 96])
    for person in (people.alice, people.olga):
        client.force_login(person)
        assert client.get(path).status_code in (200, 409)
    client.force_login(people.olga)
    client.get(reverse("readings_export", args=[people.home.point.id]), {"first": "2026-06-16", "last": "2026-06-16"})
    assert {(row.user, row.via) for row in Access.objects.all()} == {(people.olga, "role")}


def test_a_token_is_shown_once(client: Client, people: People) -> None:
    client.force_login(people.alice)
    path = reverse("tokens")
    answer = client.post(path, {"name": "Watcher", "scopes": ["read", "cases"], "days": "30"})
    assert answer.status_code == 201
    assert "no-store" in answer["Cache-Control"]
    secret = answer.context["secret"]
    assert secret in answer.content.decode()
    assert find_token(secret, now=NOW) is not None
    later = client.get(path).content.decode()
    assert "Watcher" in later
    assert secret not in later
    client.force_login(people.bob)
    assert "Watcher" not in client.get(path).content.decode()
    token = ApiToken.objects.get()
    assert client.post(reverse("revoke_token", args=[token.pk])).status_code == 404
    client.force_login(people.alice)
    assert client.post(reverse("revoke_token", args=[token.pk])).status_code == 302
    assert find_token(secret, now=NOW) is None


def test_a_token_that_makes_no_sense(client: Client, people: People) -> None:
    client.force_login(people.alice)
    for changes in ({"name": ""}, {"scopes": []}, {"scopes": ["all"]}, {"days": "0"}, {"days": "x"}):
        wish = {"name": "Watcher", "scopes": ["read"], "days": "30"} | changes
        answer = client.post(reverse("tokens"), wish)
        assert answer.status_code == 422, changes
        assert 'role="alert"' in answer.content.decode()
    assert not ApiToken.objects.exists()


def test_pages_in_german(client: Client, neighbours: Neighbourhood) -> None:
    people = neighbours.people
    consent(people)
    wish = {"Accept-Language": "de"}
    client.force_login(people.alice)
    text = client.get(reverse("account_access", args=[people.home.account.address]), headers=wish).content.decode()
    for said in ("Wer meine Daten lesen darf", "Energieberatung", "Widerrufen", "Ihr Wächter", "Messwerte"):
        assert said in text
    assert "Schlüssel erstellen" in client.get(reverse("tokens"), headers=wish).content.decode()
    client.force_login(people.tess)
    assert "Für mich freigegeben" in client.get(reverse("shared"), headers=wish).content.decode()
