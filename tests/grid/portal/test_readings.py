"""Metering points and their readings by local day."""

from datetime import date

from django.test import Client
from django.urls import reverse

from grid.accounts.models import User
from grid.domain.slots import SLOTS_PER_DAY, date_of_day
from grid.metering.models import Interval, Quality
from tests.factories import NOW, TODAY, People, bind
from tests.neighbourhood import SLOT_NOW, Neighbourhood


def test_points_show_meter_key_and_health(client: Client, neighbours: Neighbourhood) -> None:
    client.force_login(neighbours.people.alice)
    text = client.get(reverse("account_points", args=[neighbours.people.home.account.address])).content.decode()
    assert "Reporting" in text
    assert "CW-Sonnengasse-12" in text
    assert "P-256" in text


def test_a_day_has_its_local_quarters(client: Client, neighbours: Neighbourhood) -> None:
    client.force_login(neighbours.people.alice)
    path = reverse("readings", args=[neighbours.people.home.point.id, date_of_day(TODAY - 1)])
    rows = client.get(path).context["readings"]
    # Vienna's 16 June begins at 22:00 UTC of the day before.
    assert rows[-1].slot == (TODAY - 1) * SLOTS_PER_DAY - 8
    assert len(rows) == SLOTS_PER_DAY
    assert {row.proof.label for row in rows} == {"Anchored", "Settled"}


def test_the_days_on_which_clocks_change_have_92_and_100_quarters(client: Client, people: People) -> None:
    client.force_login(people.alice)
    for day, count in ((date(2026, 3, 29), 92), (date(2026, 10, 25), 100)):
        path = reverse("readings", args=[people.home.point.id, day])
        chart = client.get(path).context["chart"]()
        assert len(chart.slots) == count


def test_the_newest_version_counts_and_its_quality_is_said(client: Client, neighbours: Neighbourhood) -> None:
    point = neighbours.people.home.point
    Interval.objects.create(
        point=point,
        slot=SLOT_NOW - 3,
        version=1,
        import_wh=4321,
        export_wh=0,
        quality=Quality.ESTIMATED,
        log_index=9,
        known_at=NOW,
    )
    client.force_login(neighbours.people.alice)
    text = client.get(reverse("readings", args=[point.id, date_of_day(TODAY)])).content.decode()
    assert "4,321" in text
    assert "estimated" in text
    assert "version 1" in text


def test_a_new_owner_sees_no_day_before_and_the_old_one_none_after(client: Client, neighbours: Neighbourhood) -> None:
    people, home = neighbours.people, neighbours.people.home
    bind(home.point, home.meter, people.elsewhere.account, from_day=TODAY)
    path = reverse("readings_csv", args=[home.point.id, date_of_day(TODAY)])

    def slots_of(person: User) -> list[int]:
        client.force_login(person)
        return [int(line.split(",")[0]) for line in client.get(path).content.decode().splitlines()[1:]]

    # Vienna's day begins eight slots before the UTC day in which the point changes hands.
    first = TODAY * SLOTS_PER_DAY
    assert slots_of(people.alice) == list(range(first - 8, first))
    assert slots_of(people.mallory) == list(range(first, SLOT_NOW))
    client.force_login(people.alice)
    assert "No meter yet" in client.get(reverse("home")).content.decode()


def test_every_reading_has_a_case_file(client: Client, neighbours: Neighbourhood) -> None:
    point = neighbours.people.home.point
    client.force_login(neighbours.people.alice)
    page = client.get(reverse("readings", args=[point.id, date_of_day(TODAY)])).content.decode()
    for slot in (SLOT_NOW - 1, SLOT_NOW - 9):
        assert reverse("reading_case", args=[point.id, slot]) in page
    assert client.get(reverse("reading_case", args=[point.id, SLOT_NOW + 4])).status_code == 404
    assert client.get(reverse("reading_case", args=[point.id, 2**40])).status_code == 404


def test_a_year_beyond_our_calendar_is_not_found(client: Client, people: People) -> None:
    client.force_login(people.alice)
    for text in ("0001-01-01", "9999-12-31"):
        assert client.get(f"/points/{people.home.point.id}/readings/{text}/").status_code == 404


def test_a_name_is_shown_as_text_and_no_formula(client: Client, people: People) -> None:
    people.home.point.name = '<script>alert("x")</script>'
    people.home.point.save()
    client.force_login(people.alice)
    text = client.get(reverse("account_points", args=[people.home.account.address])).content.decode()
    assert "<script>alert" not in text
    people.home.point.name = "=cmd()"
    people.home.point.save()
    client.force_login(people.olga)
    rows = client.get(reverse("meters_csv", args=[people.zone.id])).content.decode()
    assert ",'=cmd()," in rows


def test_problem_pages_need_no_login(client: Client, db: None) -> None:
    text = client.get(reverse("problem", args=["bad-signature"])).content.decode()
    assert "The signature does not fit" in text
    assert client.get(reverse("problem", args=["no-such-code"])).status_code == 404
    assert "bad-signature" in client.get(reverse("problems")).content.decode()
