"""The JSON API: what each person reads, how pages continue, and how refusals look."""

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from grid.accounts.models import Access, AccountRight, DataSet, WatchReport
from grid.accounts.services import revoke_consent
from grid.domain.slots import SLOTS_PER_DAY, date_of_day
from grid.metering.models import Interval, Quality
from tests.factories import NOW, TODAY
from tests.grid.portal.api.conftest import client_of, consent
from tests.neighbourhood import SLOT_NOW, Neighbourhood

DAY = {"from": "2026-06-16T00:00:00Z", "to": "2026-06-17T00:00:00Z"}
YESTERDAY = date_of_day(TODAY - 1).isoformat()


def intervals(client: Client, point: object, **more: object) -> Any:
    return client.get(f"/api/v1/points/{point}/intervals", DAY | more)


def test_readings_come_in_pages_that_join(neighbours: Neighbourhood) -> None:
    client, point = client_of(neighbours.people.alice), neighbours.people.home.point
    whole = intervals(client, point.id, limit=1000).json()
    assert [row["slot"] for row in whole["items"]] == list(range((TODAY - 1) * 96, TODAY * 96))
    assert whole["next_cursor"] is None
    assert whole["items"][0]["start"] == "2026-06-16T00:00:00Z"
    energy = neighbours.energy[point]
    assert [(row["import_wh"], row["export_wh"]) for row in whole["items"]] == [
        energy[slot] for slot in range((TODAY - 1) * 96, TODAY * 96)
    ]
    pages, cursor = [], {}
    while True:
        page = intervals(client, point.id, limit=7, **cursor).json()
        pages += page["items"]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert pages == whole["items"]


def test_readings_as_known_at_a_time(neighbours: Neighbourhood) -> None:
    point, slot = neighbours.people.home.point, (TODAY - 1) * SLOTS_PER_DAY
    Interval.objects.create(
        point=point,
        slot=slot,
        version=1,
        import_wh=777,
        export_wh=0,
        quality=Quality.ESTIMATED,
        log_index=9,
        known_at=NOW,
    )
    client = client_of(neighbours.people.alice)
    assert intervals(client, point.id, limit=1).json()["items"][0]["import_wh"] == 777
    before = intervals(client, point.id, limit=1, known_at="2026-06-17T12:00:00Z").json()["items"][0]
    assert (before["version"], before["import_wh"]) == (0, neighbours.energy[point][slot][0])
    assert intervals(client, point.id, known_at="2026-06-15T00:00:00Z").json()["items"] == []


@pytest.mark.parametrize(
    ("name", "status"),
    [("nobody", 401), ("alice", 200), ("bob", 200), ("mallory", 404), ("tess", 404), ("olga", 200), ("mara", 200),
     ("ada", 404), ("aurel", 404), ("otto", 404)],
)  # fmt: skip
def test_who_reads_readings(neighbours: Neighbourhood, name: str, status: int) -> None:
    """Without a consent; a person of another community is not told that the point exists."""
    answer = intervals(client_of(neighbours.people.everyone[name]), neighbours.people.home.point.id)
    assert answer.status_code == status
    if status != 200:
        assert answer["Content-Type"] == "application/problem+json"
        assert answer.json()["code"] == {401: "not-signed-in", 404: "not-found"}[status]


@pytest.mark.parametrize(
    ("name", "status"),
    [("nobody", 401), ("alice", 200), ("bob", 200), ("mallory", 404), ("tess", 404), ("olga", 200), ("mara", 404),
     ("ada", 200), ("aurel", 200), ("otto", 404)],
)  # fmt: skip
def test_who_reads_statements(neighbours: Neighbourhood, name: str, status: int) -> None:
    client, address = client_of(neighbours.people.everyone[name]), neighbours.people.home.account.address
    for path in ("", f"/{YESTERDAY}"):
        assert client.get(f"/api/v1/accounts/{address}/statements{path}").status_code == status


def test_a_consent_opens_its_days_and_its_data_and_nothing_else(neighbours: Neighbourhood) -> None:
    people = neighbours.people
    tess, point, address = client_of(people.tess), people.home.point.id, people.home.account.address
    given = consent(people, from_day=TODAY - 1, to_day=TODAY)
    span = {"from": "2026-06-15T00:00:00Z", "to": "2026-06-18T00:00:00Z", "limit": 1000}
    rows = tess.get(f"/api/v1/points/{point}/intervals", span).json()["items"]
    assert [row["slot"] for row in rows] == list(range((TODAY - 1) * 96, TODAY * 96))
    assert tess.get(f"/api/v1/accounts/{address}/statements").status_code == 404
    assert tess.get(f"/api/v1/points/{point}/forecast?target=import&from=2026-06-17T00:00:00Z").status_code == 404
    assert tess.get(f"/api/v1/accounts/{address}/accesses").status_code == 404, "the log is the member's"
    (received,) = tess.get("/api/v1/consents").json()["received"]
    assert (received["from_day"], received["to_day"], received["stands"]) == ("2026-06-16", "2026-06-17", True)
    assert [each["id"] for each in tess.get("/api/v1/points").json()["items"]] == [str(point)]
    revoke_consent(account=people.home.account, consent_id=given.pk, by=people.alice, now=NOW)
    assert tess.get(f"/api/v1/points/{point}/intervals", span).status_code == 404
    assert tess.get("/api/v1/consents").json()["received"] == []
    assert tess.get("/api/v1/points").json()["items"] == []


def test_a_consent_to_statements_opens_case_files_too(neighbours: Neighbourhood) -> None:
    people = neighbours.people
    consent(people, DataSet.STATEMENTS)
    tess, address = client_of(people.tess), people.home.account.address
    (day,) = tess.get(f"/api/v1/accounts/{address}/statements").json()["items"]
    assert day["day"] == YESTERDAY
    shown = tess.get(f"/api/v1/accounts/{address}/statements/{YESTERDAY}").json()
    assert shown["net"] == day["net"] == shown["lines"][-1]["running_total"]
    assert tess.get(f"/api/v1/points/{people.home.point.id}/intervals", DAY).status_code == 404


def test_every_look_by_another_is_in_the_log_that_the_member_reads(neighbours: Neighbourhood) -> None:
    people = neighbours.people
    consent(people)
    for person in (people.alice, people.bob, people.tess, people.olga, people.mallory):
        intervals(client_of(person), people.home.point.id)
    rows = client_of(people.bob).get(f"/api/v1/accounts/{people.home.account.address}/accesses").json()["items"]
    assert [(row["by"], row["via"], row["data_set"]) for row in rows] == [
        ("Olga", "role", "intervals"),
        ("Tess", "consent", "intervals"),
    ]
    assert client_of(people.mallory).get(
        f"/api/v1/accounts/{people.home.account.address}/accesses"
    ).status_code == 404  # fmt: skip


def test_a_log_of_accesses_comes_in_pages(neighbours: Neighbourhood) -> None:
    people = neighbours.people
    for number in range(5):
        Access.objects.create(
            account=people.home.account, user=people.tess, via="role", data_set="intervals", what=f"{number}", at=NOW
        )
    client, path = client_of(people.alice), f"/api/v1/accounts/{people.home.account.address}/accesses"
    first = client.get(path, {"limit": 3}).json()
    second = client.get(path, {"limit": 3, "cursor": first["next_cursor"]}).json()
    assert [row["what"] for row in first["items"] + second["items"]] == ["4", "3", "2", "1", "0"]
    assert second["next_cursor"] is None


def test_a_token_does_only_what_its_scopes_say(neighbours: Neighbourhood) -> None:
    people = neighbours.people
    address = people.home.account.address
    reader, watcher = client_of(people.alice, "read"), client_of(people.alice, "watch")
    case = f"/api/v1/accounts/{address}/statements/{YESTERDAY}/case-file"
    assert reader.get(case).json()["code"] == "missing-scope"
    assert watcher.get("/api/v1/me").status_code == 403
    assert reader.get("/api/v1/me").json()["accounts"][0]["right"] == "owner"
    body = {"log_size": 9, "statements": 2, "alerts": ["row changed"]}
    path = f"/api/v1/accounts/{address}/watch-reports"
    assert reader.post(path, body, "application/json").status_code == 403
    assert watcher.post(path, body, "application/json").json()["alerts"] == ["row changed"]
    assert watcher.post(path, body | {"alerts": []}, "application/json").status_code == 200
    assert WatchReport.objects.get().alerts == []
    assert client_of(people.mallory).post(path, body, "application/json").status_code == 404


def test_a_session_reads_and_does_not_write(client: Client, neighbours: Neighbourhood) -> None:
    people = neighbours.people
    client.force_login(people.alice)
    assert client.get("/api/v1/me").json()["username"] == "alice"
    path = f"/api/v1/accounts/{people.home.account.address}/watch-reports"
    answer = client.post(path, {"log_size": 9, "statements": 2}, "application/json")
    assert (answer.status_code, answer.json()["code"]) == (401, "not-signed-in")
    assert answer["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"from": "2026-06-16", "to": "x"}, "to"),
        ({"from": "2026-06-16T00:00:00", "to": "2026-06-17T00:00:00Z"}, "from"),
        ({"from": "0001-01-01T00:00:00Z", "to": "2026-06-17T00:00:00Z"}, "from"),
        (DAY | {"limit": "0"}, "limit"),
        (DAY | {"limit": "1001"}, "limit"),
        (DAY | {"cursor": "!"}, "cursor"),
        (DAY | {"cursor": "AAAA"}, "cursor"),
        ({"from": DAY["to"], "to": DAY["from"]}, "to"),
    ],
)
def test_a_bad_parameter_is_named(neighbours: Neighbourhood, query: dict[str, str], field: str) -> None:
    answer = client_of(neighbours.people.alice).get(
        f"/api/v1/points/{neighbours.people.home.point.id}/intervals", query
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "bad-parameter")
    assert field in [each["field"] for each in answer.json()["fields"]]


def test_refusals_are_problems_whose_address_explains_them(client: Client, neighbours: Neighbourhood) -> None:
    alice = client_of(neighbours.people.alice)
    answers = [
        alice.get("/api/v1/no-such-thing"),
        alice.get("/api/v1/points/x/intervals", DAY),
        alice.get(f"/api/v1/accounts/0x{'7' * 40}/statements"),
        alice.post(f"/api/v1/accounts/{neighbours.people.home.account.address}/watch-reports", "{", "application/json"),
        client.get("/api/v1/me"),
        client.get("/api/v1/me", headers={"Authorization": "Bearer cwt_x"}),
    ]
    assert [answer.status_code for answer in answers] == [404, 422, 404, 400, 401, 401]
    for answer in answers:
        problem = answer.json()
        assert problem["status"] == answer.status_code
        assert "no-store" in answer["Cache-Control"]
        assert client.get(problem["type"]).status_code == 200
        assert problem["type"] == reverse("problem", args=[problem["code"]])


def test_case_files_that_cannot_be_made_yet(neighbours: Neighbourhood) -> None:
    """The neighbourhood's rows stand for entries of others: there is nothing to prove, and that is said."""
    alice, point = client_of(neighbours.people.alice), neighbours.people.home.point
    Interval.objects.filter(point=point, slot=SLOT_NOW - 1).update(log_index=10**9)
    neighbours.run.checkpoint = None
    neighbours.run.save()
    address = neighbours.people.home.account.address
    answer = alice.get(f"/api/v1/accounts/{address}/statements/{YESTERDAY}/case-file")
    assert (answer.status_code, answer.json()["code"]) == (409, "not-provable-yet")
    assert alice.get(f"/api/v1/points/{point.id}/intervals/{SLOT_NOW + 5}/case-file").status_code == 404
    assert alice.get(f"/api/v1/points/{point.id}/intervals/{2**33}/case-file").status_code == 422


def test_the_description_is_a_page_without_scripts_and_a_document(client: Client, db: None) -> None:
    page = client.get("/api/docs")
    assert "script-src 'self'" in page["Content-Security-Policy"]
    text = page.content.decode()
    assert text.count("<script") == 1, "the site's own"
    for path in ("/api/v1/readings", "/api/v1/log/checkpoint", "/api/v1/points/{point_id}/intervals"):
        assert path in text
    document = json.loads(client.get("/api/openapi.json").content)
    assert document["openapi"].startswith("3.1.")
    assert {"Token", "Session"} <= document["components"]["securitySchemes"].keys()


def test_a_viewer_reads_what_an_owner_reads(neighbours: Neighbourhood) -> None:
    (account,) = client_of(neighbours.people.bob).get("/api/v1/me").json()["accounts"]
    assert account["right"] == AccountRight.VIEWER
