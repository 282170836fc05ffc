"""Signing in and out."""

from typing import Any

from django.test import Client
from django.urls import reverse

from tests.factories import PASSWORD, People


def test_name_and_password_lead_home(client: Client, people: People) -> None:
    answer = client.post(reverse("login"), {"username": "alice", "password": PASSWORD})
    assert answer.headers["Location"] == reverse("home")


def test_a_wrong_password_keeps_the_name_and_says_so(client: Client, people: People) -> None:
    answer = client.post(reverse("login"), {"username": "alice", "password": "wrong"})
    text = answer.content.decode()
    assert 'value="alice"' in text
    assert 'role="alert"' in text
    assert "wrong" not in text.split("<form", 2)[1]


def test_one_comes_back_to_the_page_one_wanted_and_to_no_other_site(client: Client, people: People) -> None:
    wanted = reverse("account_points", args=[people.home.account.address])
    assert client.get(wanted).headers["Location"] == f"{reverse('login')}?next={wanted}"
    form = {"username": "alice", "password": PASSWORD}
    assert client.post(reverse("login"), {**form, "next": wanted}).headers["Location"] == wanted
    client.logout()
    elsewhere = client.post(reverse("login"), {**form, "next": "https://evil.example/"})
    assert elsewhere.headers["Location"] == reverse("home")


def test_the_demonstration_offers_its_people_by_one_click(client: Client, people: People) -> None:
    assert "Look around as" in client.get(reverse("login")).content.decode()
    answer = client.post(reverse("demo_login"), {"person": "olga"})
    assert answer.headers["Location"] == reverse("home")
    assert client.session["_auth_user_id"] == str(people.olga.pk)


def test_the_one_click_login_is_nowhere_else(client: Client, people: People, settings: Any) -> None:
    settings.DEMO = False
    assert "Look around as" not in client.get(reverse("login")).content.decode()
    assert client.post(reverse("demo_login"), {"person": "olga"}).status_code == 404


def test_no_administrator_is_offered(client: Client, people: People) -> None:
    people.olga.is_superuser = True
    people.olga.save()
    assert client.post(reverse("demo_login"), {"person": "olga"}).status_code == 404
    assert client.post(reverse("demo_login"), {"person": "nobody"}).status_code == 404


def test_signing_out_needs_a_post(client: Client, people: People) -> None:
    client.force_login(people.alice)
    assert client.get(reverse("logout")).status_code == 405
    assert client.post(reverse("logout")).headers["Location"] == reverse("login")
    assert client.get(reverse("home")).status_code == 302


def test_pages_forbid_inline_script_and_foreign_frames(client: Client, people: People) -> None:
    policy = client.get(reverse("login")).headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe-inline" not in policy
    assert "frame-ancestors 'none'" in policy
