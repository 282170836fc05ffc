"""The operator's desk, meters and runs."""

import csv
import io

from django.test import Client
from django.urls import reverse

from grid.chain.models import ChainTx, ChainTxState
from grid.chain.services import halts
from grid.domain.slots import SLOTS_PER_DAY
from grid.forecasts.models import ForecastRun, Target
from grid.operators.queries import health, load
from tests.factories import NOW, People
from tests.neighbourhood import SLOT_NOW, Neighbourhood


def test_the_desk_shows_load_peak_prices_and_health(client: Client, neighbours: Neighbourhood) -> None:
    client.force_login(neighbours.people.olga)
    answer = client.get(reverse("zone_desk", args=[neighbours.people.zone.id]))
    text = answer.content.decode()
    assert "Demand of the zone: forecast and reality" in text
    assert "by prophet-1" in text
    assert "can be disputed" in text
    assert "12 entries" in text
    assert "More energy than the connection can carry" in text
    assert answer.context["silent"][0].binding.point == neighbours.homes[2].point


def test_metered_sums_leave_the_feeder_out(neighbours: Neighbourhood) -> None:
    found = load.metered(neighbours.people.zone, range(SLOT_NOW - 1, SLOT_NOW))[SLOT_NOW - 1]
    assert found.import_wh == sum(energy[SLOT_NOW - 1][0] for energy in neighbours.energy.values())
    assert found.export_wh == sum(energy[SLOT_NOW - 1][1] for energy in neighbours.energy.values())


def test_the_peak_is_measured_against_the_feeder(neighbours: Neighbourhood) -> None:
    zone = neighbours.people.zone
    expected = load.forecast(zone, Target.IMPORT, range(SLOT_NOW, SLOT_NOW + SLOTS_PER_DAY), now=NOW)
    peak = load.next_peak(zone, expected)
    assert peak is not None
    assert peak.p90_wh == max(value.p90 for value in expected.values())
    assert peak.level == "ok"
    zone.feeder_rating_w = 4 * peak.p90_wh
    tight = load.next_peak(zone, expected)
    assert tight is not None
    assert (tight.permille, tight.level) == (1000, "high")
    zone.feeder_rating_w -= 40
    over = load.next_peak(zone, expected)
    assert over is not None
    assert over.level == "over"


def test_a_forecast_is_shown_only_once_it_was_issued(neighbours: Neighbourhood) -> None:
    zone = neighbours.people.zone
    before = ForecastRun.objects.filter(zone=zone, point=None).values_list("cutoff", flat=True)[0]
    assert load.latest_run(zone, Target.IMPORT, now=before) is not None
    assert load.latest_run(zone, Target.IMPORT, now=before - health.SILENT_AFTER) is None


def test_a_fallback_says_so(client: Client, neighbours: Neighbourhood) -> None:
    ForecastRun.objects.filter(point=None).update(model="seasonal-naive", fallback_reason="too little history")
    client.force_login(neighbours.people.olga)
    text = client.get(reverse("zone_desk", args=[neighbours.people.zone.id])).content.decode()
    assert "by seasonal-naive" in text
    assert "Fallback: too little history." in text


def test_the_part_of_the_desk_fetches_itself_again(client: Client, neighbours: Neighbourhood) -> None:
    client.force_login(neighbours.people.olga)
    path = reverse("desk_part", args=[neighbours.people.zone.id])
    text = client.get(path).content.decode()
    assert f'hx-get="{path}"' in text
    assert "<html" not in text


def test_the_scores_stand_alone_without_a_script(client: Client, neighbours: Neighbourhood) -> None:
    client.force_login(neighbours.people.olga)
    path = reverse("desk_quality", args=[neighbours.people.zone.id])
    assert "<html" in client.get(path).content.decode()
    part = client.get(path, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert "MASE" in part


def test_an_empty_zone_says_what_it_waits_for(client: Client, people: People) -> None:
    client.force_login(people.olga)
    text = client.get(reverse("zone_desk", args=[people.zone.id])).content.decode()
    for words in ("no reading yet", "no forecast yet", "No auction yet", "No day has been settled yet", "flagged"):
        assert words in text


def test_a_stuck_transaction_asks_for_a_person(client: Client, neighbours: Neighbourhood) -> None:
    ChainTx.objects.update(state=ChainTxState.DEAD, error="execution reverted: ExposureTooLarge")
    client.force_login(neighbours.people.olga)
    text = client.get(reverse("zone_runs", args=[neighbours.people.zone.id])).content.decode()
    assert "1 need a person" in text
    assert "ExposureTooLarge" in text


def test_a_halted_market_says_so_until_it_is_resumed(client: Client, neighbours: Neighbourhood) -> None:
    halts.halt(reason="The chain dropped 4 confirmed blocks", now=NOW)
    client.force_login(neighbours.people.olga)
    address = reverse("zone_runs", args=[neighbours.people.zone.id])
    text = client.get(address).content.decode()
    assert "halted since" in text
    assert "The chain dropped 4 confirmed blocks" in text

    halts.resume(by="olga", note="compared", now=NOW)
    assert "halted since" not in client.get(address).content.decode()


def test_forecast_csv_has_both_days(client: Client, neighbours: Neighbourhood) -> None:
    client.force_login(neighbours.people.olga)
    zone = neighbours.people.zone
    body = client.get(reverse("desk_forecast_csv", args=[zone.id, "export"])).content.decode()
    rows = list(csv.DictReader(io.StringIO(body)))
    assert len(rows) == 2 * SLOTS_PER_DAY
    assert rows[0]["metered_wh"] != ""
    assert rows[-1]["metered_wh"] == ""
    assert client.get(reverse("desk_forecast_csv", args=[zone.id, "sideways"])).status_code == 404


def test_runs_and_meters_as_csv(client: Client, neighbours: Neighbourhood) -> None:
    client.force_login(neighbours.people.olga)
    zone = neighbours.people.zone
    runs = client.get(reverse("runs_csv", args=[zone.id])).content.decode().splitlines()
    assert runs[1].startswith("2026-06-16,0,posted,8,")
    meters = list(csv.DictReader(io.StringIO(client.get(reverse("meters_csv", args=[zone.id])).content.decode())))
    assert [row["state"] for row in meters[:3]] == ["silent", "flagged", "ok"]
