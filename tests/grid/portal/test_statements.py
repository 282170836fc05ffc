"""Statements: the list, a day with its lines, CSV and case file."""

import csv
import io
from datetime import timedelta

from django.test import Client
from django.urls import reverse

from grid.domain.slots import date_of_day
from tests.factories import TODAY, People
from tests.neighbourhood import Neighbourhood

YESTERDAY = date_of_day(TODAY - 1)


def test_the_list_shows_each_day_with_its_result(client: Client, neighbours: Neighbourhood) -> None:
    client.force_login(neighbours.people.bob)
    path = reverse("account_statements", args=[neighbours.people.home.account.address])
    text = client.get(path).content.decode()
    assert "Tuesday, 16 June 2026" in text
    assert reverse("statement", args=[neighbours.people.home.account.address, YESTERDAY]) in text


def test_a_statement_explains_itself(client: Client, neighbours: Neighbourhood) -> None:
    client.force_login(neighbours.people.alice)
    answer = client.get(reverse("statement", args=[neighbours.people.home.account.address, YESTERDAY]))
    text = answer.content.decode()
    assert "settlement day 16 Jun, 02:00 to 17 Jun, 02:00" in text
    assert "You can object until 18 Jun, 05:22." in text
    assert len(answer.context["view"].lines) == 96
    assert answer.context["view"].lines[-1].line.running_total == answer.context["view"].statement.day_net


def test_the_csv_adds_up_to_the_result(client: Client, neighbours: Neighbourhood) -> None:
    client.force_login(neighbours.people.alice)
    address = neighbours.people.home.account.address
    body = client.get(reverse("statement_csv", args=[address, YESTERDAY])).content.decode()
    rows = list(csv.DictReader(io.StringIO(body)))
    assert neighbours.run is not None
    net = neighbours.run.rows.get(address=address).day_net
    assert sum(int(row["amount"]) for row in rows) == net
    assert int(rows[-1]["running_total"]) == net
    assert rows[0]["start_utc"] == "2026-06-16T00:00:00Z"


def test_a_day_that_is_not_settled_has_no_statement(client: Client, neighbours: Neighbourhood) -> None:
    client.force_login(neighbours.people.alice)
    address = neighbours.people.home.account.address
    for name in ("statement", "statement_csv", "statement_case"):
        assert client.get(reverse(name, args=[address, YESTERDAY + timedelta(days=1)])).status_code == 404


def test_a_neighbours_point_is_not_opened_through_the_own_account(client: Client, neighbours: Neighbourhood) -> None:
    client.force_login(neighbours.people.alice)
    path = reverse("statement", args=[neighbours.people.home.account.address, YESTERDAY])
    assert client.get(path, {"point": str(neighbours.homes[1].point.id)}).status_code == 404


def test_a_date_that_is_none_is_not_found(client: Client, people: People) -> None:
    client.force_login(people.alice)
    path = f"/accounts/{people.home.account.address}/statements/2026-02-30/"
    assert client.get(path).status_code == 404


def test_a_case_file_that_cannot_be_made_yet_says_why(client: Client, neighbours: Neighbourhood) -> None:
    # The neighbourhood's intervals have no register openings, so nothing can be proven of them.
    client.force_login(neighbours.people.alice)
    answer = client.get(reverse("statement_case", args=[neighbours.people.home.account.address, YESTERDAY]))
    assert answer.status_code == 409
    assert "Not provable yet" in answer.content.decode()
