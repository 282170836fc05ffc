"""The life of meters on the operators' pages: approvals, files, one meter, exceptions, edits."""

import io
from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from grid.domain import lifecycle, ocmf
from grid.domain.entries import Suite
from grid.domain.registers import Quality
from grid.metering.models import (
    Application,
    BindingProposal,
    BulkUpload,
    ClaimCode,
    Interval,
    IntervalEdit,
    Meter,
    MeterKey,
    MeterState,
    SlotException,
)
from grid.metering.services import claims
from tests.factories import NOW, TODAY, People
from tests.neighbourhood import SLOT_NOW, Neighbourhood

GERMAN = {"Accept-Language": "de"}


def key(private: int) -> bytes:
    return ocmf.public_key_bytes(Suite.P256, private)


@pytest.fixture
def asked(people: People) -> Application:
    """A meter waits for approval."""
    _, code = claims.issue(zone=people.zone, by=people.olga, now=NOW, note="Huber")
    text = lifecycle.claim_text(code=code, serial="CW-new", suite=Suite.P256, public_key=key(7))
    signature = ocmf.sign(text, suite=Suite.P256, private_key=7)
    return claims.claim(asked=claims.Claim(code, "CW-new", Suite.P256, key(7), signature), now=NOW)


def text_of(client: Client, path: str, **headers: str) -> str:
    answer = client.get(path, headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


def test_claim_code_is_shown_once(client: Client, people: People) -> None:
    client.force_login(people.olga)
    answer = client.post(reverse("meter_code", args=[people.zone.id]), {"note": "Huber"})
    code = answer.context["code"]["text"]

    assert code in answer.content.decode()
    assert bytes(ClaimCode.objects.get().code_hash) == lifecycle.code_hash(code)
    page = text_of(client, reverse("meter_approvals", args=[people.zone.id]))
    assert code not in page
    assert "1 code is open." in page


def test_application_is_approved_and_the_meter_waits_for_a_point(
    client: Client, people: People, asked: Application
) -> None:
    client.force_login(people.mara)
    path = reverse("meter_approvals", args=[people.zone.id])
    assert "CW-new" in text_of(client, path)

    answer = client.post(reverse("meter_decide", args=[asked.pk]), {"decision": "approve"}, follow=True)

    assert "It needs a point next." in answer.content.decode()
    assert [meter.serial for meter in answer.context["unbound"]] == ["CW-new"]
    meter = Meter.objects.get(serial="CW-new")
    assert "CW-new" in text_of(client, reverse("meter_device", args=[meter.pk]))


def test_refusal_without_a_reason_comes_back(client: Client, people: People, asked: Application) -> None:
    client.force_login(people.olga)
    path = reverse("meter_decide", args=[asked.pk])
    bad = client.post(path, {"decision": "refuse", "reason": " "})
    assert bad.status_code == 422
    assert "Say why." in bad.content.decode()
    client.post(path, {"decision": "refuse", "reason": "unknown device"})
    asked.refresh_from_db()
    assert (asked.state, asked.reason, asked.decided_by) == ("refused", "unknown device", people.olga)


def test_file_is_tried_then_applied_and_its_report_downloaded(client: Client, people: People) -> None:
    client.force_login(people.olga)
    content = f"serial,suite,public_key\nB-1,P-256,{key(1).hex()}\n=B-2,P-256,zz\n".encode()
    path = reverse("meter_upload", args=[people.zone.id])
    tried = client.post(path, {"file": SimpleUploadedFile("m.csv", content), "mode": "each"}, follow=True)
    upload = BulkUpload.objects.get()
    assert "Register 1 meter" in tried.content.decode()
    assert not Meter.objects.filter(serial="B-1").exists()

    report = reverse("meter_upload_report", args=[upload.pk])
    assert "The file is applied." in client.post(report, follow=True).content.decode()

    assert Meter.objects.filter(serial="B-1").exists()
    table = client.get(reverse("meter_upload_csv", args=[upload.pk])).content.decode()
    assert table.splitlines()[1].startswith("2,B-1,new,")
    assert "3,'=B-2,error,public_key" in table


@pytest.mark.parametrize(("content", "words"), [(b"", "Choose a file"), (b"a,b\n1,2", "columns"), (b"\xff", "UTF-8")])
def test_file_that_cannot_be_read_says_why(client: Client, people: People, content: bytes, words: str) -> None:
    client.force_login(people.olga)
    body: dict[str, Any] = {"file": io.BytesIO(content)} if content else {}
    answer = client.post(reverse("meter_upload", args=[people.zone.id]), body)
    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_meter_is_revoked_from_a_counter_and_gets_a_new_key(client: Client, people: People) -> None:
    client.force_login(people.olga)
    meter = people.home.meter
    end = client.post(
        reverse("meter_end", args=[meter.pk]),
        {"step": "revoke", "from_counter": "6000", "reason": "stolen"},
        follow=True,
    )
    assert "The meter is revoked." in end.content.decode()
    assert MeterKey.objects.get(meter=meter).to_counter == 6000

    body = {"suite": "P-256", "public_key": "00", "from_counter": "6001", "reason": "found again"}
    bad = client.post(reverse("meter_key", args=[meter.pk]), body)
    assert bad.status_code == 422
    assert "found again" in bad.content.decode()
    client.post(reverse("meter_key", args=[meter.pk]), body | {"public_key": key(9).hex()})
    meter.refresh_from_db()
    assert meter.state == MeterState.ACTIVE
    still = client.post(reverse("meter_end", args=[meter.pk]), {"step": "decommission", "reason": "old"})
    assert "exchange it first" in still.content.decode()


def test_binding_is_proposed_from_the_meters_page(client: Client, people: People) -> None:
    client.force_login(people.olga)
    path = reverse("meter_propose", args=[people.home.meter.pk])
    body = {
        "point": str(people.home.point.pk),
        "account": people.home.account.address,
        "from_day": "2026-07-01",
        "reversed": "1",
    }
    assert client.post(path, body | {"from_day": "soon"}).status_code == 422
    assert client.post(path, body | {"point": "x"}).status_code == 422
    answer = client.post(path, body, follow=True)
    proposal = BindingProposal.objects.get()
    assert (proposal.reversed, proposal.proposed_by) == (True, people.olga)
    assert "waits for the member" in answer.content.decode()
    client.post(reverse("meter_withdraw", args=[proposal.pk]))
    proposal.refresh_from_db()
    assert proposal.state == "withdrawn"


def test_fleet_is_filtered_and_paged(client: Client, neighbours: Neighbourhood) -> None:
    client.force_login(neighbours.people.olga)
    path = reverse("zone_meters", args=[neighbours.people.zone.id])
    everything = client.get(path).context["meters"]
    silent = client.get(path, {"state": "silent"})
    assert 0 < len(silent.context["meters"]) < len(everything)
    one = client.get(path, {"q": "FEEDER"})
    assert [view.binding.meter.serial for view in one.context["meters"]] == ["CW-FEEDER"]
    none = client.get(path, {"q": "<script>"})
    assert "No meter is like this." in none.content.decode()
    assert "<script>alert" not in none.content.decode()


def exception(made: Neighbourhood) -> SlotException:
    return SlotException.objects.create(
        point=made.people.home.point,
        rule="spike",
        first_slot=SLOT_NOW - 8,
        last_slot=SLOT_NOW - 7,
        found="9000 Wh, reference days had at most 100",
        raised_at=NOW,
    )


def test_exception_is_accepted_with_a_reason(client: Client, neighbours: Neighbourhood) -> None:
    row = exception(neighbours)
    client.force_login(neighbours.people.mara)
    queue = reverse("meter_exceptions", args=[neighbours.people.zone.id])
    assert "spike against the own profile" in text_of(client, queue)
    assert "Ausreißer gegen das eigene Profil" in text_of(client, queue, **GERMAN)
    refused = client.post(reverse("meter_accept", args=[row.pk]), {"reason": ""}, follow=True)
    assert "Say why." in refused.content.decode()
    client.post(reverse("meter_accept", args=[row.pk]), {"reason": "a sauna"})
    assert "Nothing waits to be looked at." in text_of(client, queue)
    assert "a sauna" in text_of(client, f"{queue}?state=accepted")


def test_values_are_written_seen_with_their_reason_and_undone(client: Client, neighbours: Neighbourhood) -> None:
    people = neighbours.people
    point, slot = people.home.point, SLOT_NOW - 8
    client.force_login(people.olga)
    path = reverse("edit_slots", args=[point.pk, slot, slot])
    first = Interval.objects.filter(point=point, slot=slot).latest("version")
    bad = client.post(path, {"step": "typed", f"import_{slot}": "-3", f"export_{slot}": "0", "reason": "x"})
    assert bad.status_code == 422
    assert 'value="-3"' in bad.content.decode()

    client.post(path, {"step": "typed", f"import_{slot}": "321", f"export_{slot}": "0", "reason": "pulse fault"})

    newest = Interval.objects.filter(point=point, slot=slot).latest("version")
    assert (newest.import_wh, newest.quality, newest.version) == (321, Quality.EDITED, first.version + 1)
    day = date.fromordinal(date(1970, 1, 1).toordinal() + TODAY)
    page = text_of(client, reverse("point_versions", args=[point.pk, day]))
    assert "Olga: pulse fault" in page
    assert "written down" in page
    early = f"{reverse('point_versions', args=[point.pk, day])}?known_at=2026-06-17T14:10"
    assert "pulse fault" not in text_of(client, early)
    client.post(path, {"step": "undo", "reason": "mistake"})
    assert IntervalEdit.objects.order_by("-pk")[0].method == "undo"


@pytest.mark.parametrize(("day", "slots"), [("2026-03-29", 92), ("2026-10-25", 100), ("2026-06-17", 96)])
def test_day_on_which_the_clocks_change_has_its_own_number_of_slots(
    client: Client, people: People, day: str, slots: int
) -> None:
    client.force_login(people.olga)
    answer = client.get(reverse("point_versions", args=[people.home.point.pk, date.fromisoformat(day)]))
    assert len(answer.context["slots"]) == slots
    assert f"0 of {slots} slots closed" in answer.content.decode()


def test_every_change_is_the_utilitys_alone(client: Client, neighbours: Neighbourhood) -> None:
    people = neighbours.people
    row, home = exception(neighbours), people.home
    application = Application.objects.create(zone=people.zone, serial="x", public_key=bytes(33), asked_at=NOW)
    upload = BulkUpload.objects.create(zone=people.zone, by=people.olga, at=NOW, report=[])
    proposal = BindingProposal.objects.create(
        point=home.point,
        meter=home.meter,
        account=home.account,
        from_day=TODAY,
        proposed_by=people.olga,
        proposed_at=NOW,
    )
    paths = [
        reverse("meter_code", args=[people.zone.pk]),
        reverse("meter_upload", args=[people.zone.pk]),
        reverse("meter_decide", args=[application.pk]),
        reverse("meter_withdraw", args=[proposal.pk]),
        reverse("meter_upload_report", args=[upload.pk]),
        reverse("meter_accept", args=[row.pk]),
        reverse("meter_end", args=[home.meter.pk]),
        reverse("meter_key", args=[home.meter.pk]),
        reverse("meter_propose", args=[home.meter.pk]),
        reverse("edit_slots", args=[home.point.pk, SLOT_NOW - 8, SLOT_NOW - 8]),
    ]
    body = {"reason": "x", "decision": "approve", "step": "undo", "from_counter": "1"}
    for person, status in ((people.alice, 403), (people.mallory, 403), (people.aurel, 403), (people.otto, 404)):
        client.force_login(person)
        assert [client.post(path, body).status_code for path in paths] == [status] * len(paths)
    for changed in (application, row, proposal):
        changed.refresh_from_db()
    assert (application.state, row.state, proposal.state) == ("pending", "open", "open")
    assert ClaimCode.objects.count() == IntervalEdit.objects.count() == 0
