"""Files of readings: complete, safe where clocks change, and only for whom they are meant."""

import csv
import io
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse

from grid.accounts.models import Access, User
from grid.domain.slots import SLOTS_PER_DAY, local_day_slots, slot_of
from grid.metering.models import Interval, Quality
from tests.domain.test_espi import energies, schema
from tests.factories import TODAY, People, bind
from tests.grid.portal.api.conftest import consent
from tests.neighbourhood import SLOT_NOW, Neighbourhood

VIENNA = ZoneInfo("Europe/Vienna")


def fetch(client: Client, user: User, point: Any, first: str, last: str, kind: str = "csv") -> Any:
    client.force_login(user)
    return client.get(reverse("readings_export", args=[point.id]), {"first": first, "last": last, "format": kind})


def rows_of(answer: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))


def test_local_days_both_included(client: Client, neighbours: Neighbourhood) -> None:
    point = neighbours.people.home.point
    answer = fetch(client, neighbours.people.alice, point, "2026-06-16", "2026-06-17")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert "2026-06-16-2026-06-17.csv" in answer["Content-Disposition"]
    rows = rows_of(answer)
    assert [int(row["slot"]) for row in rows] == list(range((TODAY - 1) * SLOTS_PER_DAY - 8, SLOT_NOW))
    assert rows[0] == {
        "slot": str((TODAY - 1) * SLOTS_PER_DAY - 8),
        "start_utc": "2026-06-15T22:00:00Z",
        "start_local": "2026-06-16T00:00:00+02:00",
        "utc_offset": "+02:00",
        "import_wh": str(neighbours.energy[point][(TODAY - 1) * SLOTS_PER_DAY - 8][0]),
        "export_wh": str(neighbours.energy[point][(TODAY - 1) * SLOTS_PER_DAY - 8][1]),
        "espi_quality": "0",
        "quality": "valid",
        "version": "0",
        "log_index": rows[0]["log_index"],
        "known_at_utc": "2026-06-15T22:25:00Z",
    }


def put_day(point: Any, slots: range) -> None:
    known = datetime(2025, 10, 27, tzinfo=UTC)
    Interval.objects.bulk_create(
        Interval(
            point=point,
            slot=slot,
            import_wh=at,
            export_wh=0,
            quality=Quality.MISSING if at == 3 else 0,
            log_index=1,
            known_at=known,
        )
        for at, slot in enumerate(slots)
    )


@pytest.mark.parametrize(("day", "count"), [("2025-10-26", 100), ("2026-03-29", 92)])
def test_days_on_which_clocks_change(client: Client, people: People, day: str, count: int) -> None:
    """No local hour is said twice: each start has its offset."""
    point = people.home.point
    bind(point, people.home.meter, people.home.account, from_day=TODAY - 500)
    slots = local_day_slots(datetime.fromisoformat(day).date(), VIENNA)
    put_day(point, slots)
    rows = rows_of(fetch(client, people.alice, point, day, day))
    assert len(rows) == count == len({row["start_local"] for row in rows})
    assert [datetime.fromisoformat(row["start_local"]) for row in rows] == [
        datetime.fromisoformat(row["start_utc"]) for row in rows
    ]
    assert {row["utc_offset"] for row in rows} == {"+01:00", "+02:00"}
    assert (rows[3]["import_wh"], rows[3]["espi_quality"], rows[3]["quality"]) == ("", "16", "missing")
    text = b"".join(fetch(client, people.alice, point, day, day, "xml").streaming_content).decode()
    schema().validate(text)
    assert len(energies(text)[1]) == count - 1


def test_green_button_says_what_the_csv_says(client: Client, neighbours: Neighbourhood) -> None:
    alice, point = neighbours.people.alice, neighbours.people.home.point
    answer = fetch(client, alice, point, "2026-06-15", "2026-06-17", "xml")
    assert answer["Content-Type"] == "application/atom+xml; charset=utf-8"
    text = b"".join(answer.streaming_content).decode()
    schema().validate(text)
    rows = rows_of(fetch(client, alice, point, "2026-06-15", "2026-06-17"))
    found = energies(text)
    assert found[1] == {int(row["slot"]) * 900: (int(row["import_wh"]), 0) for row in rows}
    assert found[19] == {int(row["slot"]) * 900: (int(row["export_wh"]), 0) for row in rows}


def test_a_long_range_is_read_a_month_at_a_time(
    client: Client, people: People, django_assert_max_num_queries: Any
) -> None:
    point = people.home.point
    bind(point, people.home.meter, people.home.account, from_day=TODAY - 3_650)
    answer = fetch(client, people.alice, point, "2000-01-01", "2100-12-31")
    # Ten and a half years, two queries a month.
    with django_assert_max_num_queries(260):
        assert rows_of(answer) == []


@pytest.mark.parametrize("kind", ["csv", "xml"])
def test_who_gets_a_file(client: Client, neighbours: Neighbourhood, kind: str) -> None:
    people = neighbours.people
    status = {
        name: fetch(client, getattr(people, name), people.home.point, "2026-06-16", "2026-06-16", kind).status_code
        for name in ("alice", "bob", "mallory", "olga", "mara", "ada", "tess", "otto")
    }
    assert status == {
        "alice": 200, "bob": 200, "mallory": 404, "olga": 200, "mara": 200, "ada": 404, "tess": 404, "otto": 404,
    }  # fmt: skip


def test_a_third_party_gets_the_days_of_its_consent(client: Client, neighbours: Neighbourhood) -> None:
    people = neighbours.people
    consent(people, from_day=TODAY - 1, to_day=TODAY)
    rows = rows_of(fetch(client, people.tess, people.home.point, "2026-06-10", "2026-06-17"))
    assert [int(row["slot"]) for row in rows] == list(range((TODAY - 1) * 96, TODAY * 96))
    assert Access.objects.get().what == "CSV, 2026-06-10 to 2026-06-17"


def test_who_moved_out_keeps_the_own_days(client: Client, neighbours: Neighbourhood) -> None:
    people, home = neighbours.people, neighbours.people.home
    bind(home.point, home.meter, people.elsewhere.account, from_day=TODAY)
    slots = {
        name: [int(row["slot"]) for row in rows_of(fetch(client, person, home.point, "2026-06-15", "2026-06-17"))]
        for name, person in (("alice", people.alice), ("mallory", people.mallory))
    }
    assert max(slots["alice"]) == TODAY * 96 - 1
    assert slots["mallory"] == list(range(TODAY * 96, SLOT_NOW))


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"first": "2026-06-17", "last": "2026-06-16"},
        {"first": "x", "last": "2026-06-16"},
        {"first": "0001-01-01", "last": "2026-06-16"},
        {"first": "2026-06-16", "last": "9999-12-31"},
        {"first": "2026-06-16", "last": "2026-06-16", "format": "pdf"},
    ],
)
def test_a_range_that_is_none(client: Client, people: People, query: dict[str, str]) -> None:
    client.force_login(people.alice)
    assert client.get(reverse("readings_export", args=[people.home.point.id]), query).status_code == 404


def test_the_api_gives_the_same_files(client: Client, neighbours: Neighbourhood) -> None:
    client.force_login(neighbours.people.alice)
    point = neighbours.people.home.point
    first = slot_of(int(datetime(2026, 6, 16, tzinfo=UTC).timestamp()))
    span = {"from": "2026-06-16T00:00:00Z", "to": "2026-06-16T06:00:00Z"}
    rows = rows_of(client.get(f"/api/v1/points/{point.id}/readings.csv", span))
    assert [int(row["slot"]) for row in rows] == list(range(first, first + 24))
    text = b"".join(client.get(f"/api/v1/points/{point.id}/green-button.xml", span).streaming_content).decode()
    assert len(energies(text)[19]) == 24
