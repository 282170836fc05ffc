"""The log as role holders see it."""

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from grid.domain.entries import EntryKind
from grid.domain.words import Value
from grid.market.models import Auction
from grid.records.models import Checkpoint
from grid.records.services import NewEntry, append
from tests.factories import NOW, TODAY, People
from tests.neighbourhood import Neighbourhood


def test_an_entry_is_proven_against_its_checkpoint(client: Client, neighbours: Neighbourhood) -> None:
    client.force_login(neighbours.people.aurel)
    answer = client.get(reverse("log_entry", args=[7]))
    assert answer.context["entry"].included
    assert "proven" in answer.content.decode()


def test_a_checkpoint_with_another_root_does_not_prove_it(client: Client, people: People) -> None:
    fields: dict[str, Value] = {"profileHash": bytes(32), "fromDay": TODAY}
    with transaction.atomic():
        append(entries=[NewEntry(EntryKind.PROFILE, fields, people.zone.id, NOW.date())], now=NOW)
    Checkpoint.objects.create(size=1, root=b"\x01" * 32, note="note", created_at=NOW, seq=0, anchored_at=NOW)
    client.force_login(people.aurel)
    answer = client.get(reverse("log_entry", args=[0]))
    assert not answer.context["entry"].included
    assert "does not match" in answer.content.decode()


def test_an_entry_that_is_not_anchored_yet_says_so(client: Client, neighbours: Neighbourhood) -> None:
    client.force_login(neighbours.people.aurel)
    newest = Checkpoint.objects.order_by("-size")[0].size - 1
    assert "not anchored yet" in client.get(reverse("log_entry", args=[newest])).content.decode()


def test_a_homes_energy_is_for_the_meter_data_responsible_only(client: Client, neighbours: Neighbourhood) -> None:
    people = neighbours.people
    first = Auction.objects.count()  # the log begins with the auctions
    energy = str(next(iter(neighbours.energy[people.home.point].values()))[0])
    for person, shown in ((people.mara, True), (people.aurel, False), (people.ada, False), (people.otto, False)):
        client.force_login(person)
        entry = client.get(reverse("log_entry", args=[first])).context["entry"]
        fields = {field.name: field for field in entry.fields}
        assert (fields["importWh"].value == energy) is shown
        assert fields["importWh"].hidden is not shown
        assert fields["point"].hidden is not shown
        assert fields["slot"].value
        assert "salt" not in fields


def test_an_auction_is_open_to_every_role(client: Client, neighbours: Neighbourhood) -> None:
    client.force_login(neighbours.people.ada)
    view = client.get(reverse("log_entry", args=[7])).context["entry"]
    assert not view.personal
    assert {field.name for field in view.fields} >= {"zone", "slot", "price", "fillCount"}


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "Give the number"),
        ("seven", "whole number"),
        ("-1", "has the number 0"),
        ("99999999999999999999", "No log is that long"),
        ("5000", "not that long yet"),
    ],
)
def test_a_wrong_number_comes_back_with_help(client: Client, people: People, typed: str, words: str) -> None:
    client.force_login(people.aurel)
    text = client.get(reverse("log"), {"index": typed}).content.decode()
    assert words in text
    assert f'value="{typed}"' in text


def test_a_number_leads_to_its_entry(client: Client, neighbours: Neighbourhood) -> None:
    client.force_login(neighbours.people.aurel)
    answer = client.get(reverse("log"), {"index": "12"})
    assert answer.headers["Location"] == reverse("log_entry", args=[12])
    assert client.get("/log/99999999999999999999/").status_code == 404
    assert client.get("/log/5000/").status_code == 404
