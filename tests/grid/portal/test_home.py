"""The home page of a prosumer."""

import json

import pytest
from django.test import Client
from django.urls import reverse

from grid.accounts import live_token
from grid.accounts.models import AccountMember
from grid.domain.slots import SLOTS_PER_DAY
from grid.market.models import Fill, Side
from grid.portal.queries.days import day_so_far
from grid.records.models import Checkpoint
from tests.factories import TODAY, People, account, owns, user
from tests.neighbourhood import SLOT_NOW, Neighbourhood
from tests.rights import tampering


def test_home_tells_the_day_in_words_and_money(client: Client, neighbours: Neighbourhood) -> None:
    client.force_login(neighbours.people.alice)
    text = client.get(reverse("home")).content.decode()
    assert "better than with the supplier alone" in text
    assert "You sold" in text
    assert "from neighbours" in text
    assert "€40.00" in text
    assert "€2.50 on its way out" in text
    assert "14:00–14:15" in text  # Vienna's summer time, of a slot that ended at 12:15 UTC
    assert "Settled" in text


def test_the_day_is_summed_by_the_formula_of_the_settlement(neighbours: Neighbourhood) -> None:
    people = neighbours.people
    found = day_so_far(people.zone, [people.home.point], TODAY - 1)
    row = neighbours.run.rows.get(account=people.home.account) if neighbours.run else None
    assert found.slots == SLOTS_PER_DAY
    assert row is not None
    assert found.amount == row.day_net


def test_a_slot_on_hold_counts_no_local_energy(neighbours: Neighbourhood) -> None:
    people = neighbours.people
    before = day_so_far(people.zone, [people.home.point], TODAY)
    sold = Fill.objects.filter(order__point=people.home.point, order__side=Side.SELL, order__slot__lt=SLOT_NOW)
    fill = sold.order_by("-order__slot").first()
    assert fill is not None
    flag = people.zone.flags.get()
    flag.holds.create(point=people.home.point, slot=fill.order.slot, log_index=1, ends_at=flag.raised_at)
    after = day_so_far(people.zone, [people.home.point], TODAY)
    assert after.sold_wh == before.sold_wh - fill.quantity_wh


def test_a_void_auction_is_no_trade(client: Client, neighbours: Neighbourhood) -> None:
    people = neighbours.people
    before = day_so_far(people.zone, [people.home.point], TODAY)
    first = Checkpoint.objects.get(seq=0)
    newest = Fill.objects.filter(order__point=people.home.point, order__slot__lt=SLOT_NOW).order_by("-order__slot")[0]
    with tampering():
        # As if its entry had reached the chain only in the checkpoint after the first one.
        Checkpoint.objects.filter(pk=first.pk).update(size=newest.auction.log_index)
    after = day_so_far(people.zone, [people.home.point], TODAY)
    assert after.sold_wh == before.sold_wh - newest.quantity_wh
    client.force_login(people.alice)
    assert "Void" in client.get(reverse("home")).content.decode()


def test_a_silent_chain_is_said_and_breaks_nothing(
    client: Client, neighbours: Neighbourhood, silent_chain: None
) -> None:
    client.force_login(neighbours.people.alice)
    answer = client.get(reverse("home"))
    assert answer.status_code == 200
    assert "The chain does not answer just now" in answer.content.decode()
    assert "better than with the supplier alone" in answer.content.decode()


def test_a_new_account_has_a_page_that_says_what_comes(client: Client, people: People) -> None:
    client.force_login(people.alice)
    text = client.get(reverse("home")).content.decode()
    assert "no reading yet" in text
    assert "No trade yet" in text
    assert "No day has been settled yet" in text
    assert "The next forecast is on its way" in text


def test_an_account_without_a_meter_says_so(client: Client, people: People) -> None:
    owns(account(people.community, "New here"), nadia := user("nadia"))
    client.force_login(nadia)
    assert "No meter yet" in client.get(reverse("home")).content.decode()


def test_who_has_no_account_goes_to_the_pages_of_the_role(client: Client, people: People) -> None:
    for person, name in ((people.olga, "desk"), (people.mara, "meters"), (people.ada, "runs"), (people.aurel, "runs")):
        client.force_login(person)
        assert client.get(reverse("home")).headers["Location"] == reverse(name)


def test_who_has_nothing_is_welcomed(client: Client, people: People) -> None:
    AccountMember.objects.filter(user=people.mallory).delete()
    client.force_login(people.mallory)
    assert "There is nothing to show yet" in client.get(reverse("home")).content.decode()


@pytest.mark.parametrize("part", ["now", "fills", "charts", "money"])
def test_a_part_fetches_itself_again(client: Client, neighbours: Neighbourhood, part: str) -> None:
    client.force_login(neighbours.people.alice)
    path = reverse("account_part", args=[neighbours.people.home.account.address, part])
    text = client.get(path).content.decode()
    assert f'id="{part}"' in text
    assert f'hx-get="{path}"' in text
    assert "<html" not in text


def test_there_is_no_other_part(client: Client, people: People) -> None:
    client.force_login(people.alice)
    assert client.get(reverse("account_part", args=[people.home.account.address, "other"])).status_code == 404


def test_the_stream_token_names_the_own_zone_only(client: Client, people: People) -> None:
    client.force_login(people.alice)
    token = json.loads(client.get(reverse("live_token")).content)["token"]
    assert live_token.zones_in(token) == [people.zone.id]


def test_pages_are_kept_by_no_cache(client: Client, people: People) -> None:
    client.force_login(people.alice)
    assert "no-store" in client.get(reverse("home")).headers["Cache-Control"]


def test_prices_and_forecast_as_csv_have_utc_times_and_integers(client: Client, neighbours: Neighbourhood) -> None:
    client.force_login(neighbours.people.alice)
    address = neighbours.people.home.account.address
    head, first, *rest = client.get(reverse("prices_csv", args=[address])).content.decode().splitlines()
    assert head == "slot,start_utc,signal,cleared,import_price,export_price,fee_price"
    assert first.startswith(f"{SLOT_NOW - 8},2026-06-17T10:15:00Z,")
    assert first.endswith(",300000,80000,30000")
    assert len(rest) == 8 + SLOTS_PER_DAY - 1
    lines = client.get(reverse("outlook_csv", args=[address])).content.decode().splitlines()
    assert lines[0].startswith("slot,start_utc,import_wh,export_wh,import_p10_wh,import_p50_wh")
    assert len(lines) == 1 + 48 + SLOTS_PER_DAY
