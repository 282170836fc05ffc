"""From a claim code to a decommissioned meter: who may do it, what is logged, and what the meter can send then."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from grid import clock
from grid.accounts.models import User, Zone
from grid.domain import lifecycle, ocmf
from grid.domain.entries import EntryKind, Suite
from grid.domain.lifecycle import STEPS, MeterStatus, Step, StepRefused
from grid.domain.refusals import Refused
from grid.metering.models import Application, ClaimCode, Meter, MeterEvent, MeterKey, MeterState
from grid.metering.services import claims, ingest, key_changes
from grid.metering.services.claims import Claim
from grid.records import queries as log
from tests.grid.metering.conftest import FIRST_SLOT, FOUNDED, Home, at_slot
from tests.grid.metering.people import auditor, operator, stranger
from tests.rights import owner

NOW = at_slot(FIRST_SLOT + 8)
KEY = 4711


def key_of(private: int, suite: Suite = Suite.P256) -> bytes:
    return ocmf.public_key_bytes(suite, private)


def asked(code: str, *, serial: str = "CW-new", private: int = KEY, suite: Suite = Suite.P256) -> Claim:
    text = lifecycle.claim_text(code=code, serial=serial, suite=suite, public_key=key_of(private, suite))
    signature = ocmf.sign(text, suite=suite, private_key=private)
    return Claim(code, serial, suite, key_of(private, suite), signature)


@pytest.fixture
def olga(zone: Zone) -> User:
    return operator(zone)


@pytest.fixture
def code(zone: Zone, olga: User) -> str:
    return claims.issue(zone=zone, by=olga, now=NOW)[1]


@pytest.fixture(autouse=True)
def frozen(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    cache.clear()
    yield
    cache.clear()


def code_of(raised: pytest.ExceptionInfo[Refused]) -> str:
    return raised.value.code


def test_a_step_that_is_not_in_the_table_is_refused() -> None:
    for state in MeterStatus:
        for step in Step:
            if (state, step) in STEPS:
                assert lifecycle.after(state, step) is STEPS[state, step]
            else:
                with pytest.raises(StepRefused, match=state.value):
                    lifecycle.after(state, step)
    assert not any(state is MeterStatus.DECOMMISSIONED for state, _ in STEPS)
    assert {state.value for state in MeterStatus} == set(MeterState.values)


def test_code_is_kept_as_a_hash_and_may_be_typed_in_any_way(code: str) -> None:
    row = ClaimCode.objects.get()

    assert bytes(row.code_hash) == lifecycle.code_hash(f" {code.lower().replace('-', ' ')} ")
    assert code.encode() not in bytes(row.code_hash)
    assert len(lifecycle.plain_code(code)) == lifecycle.CODE_LENGTH


def test_claimed_and_approved_meter_has_its_key_in_the_log(zone: Zone, olga: User, code: str) -> None:
    application = claims.claim(asked=asked(code), now=NOW)
    assert not Meter.objects.filter(serial="CW-new").exists()

    meter = claims.approve(application=application, by=olga, now=NOW)

    key = MeterKey.objects.get(meter=meter)
    assert key.log_index is not None
    assert log.entry(key.log_index).kind is EntryKind.KEY
    assert (meter.state, bytes(key.public_key)) == (MeterState.ACTIVE, key_of(KEY))
    assert MeterEvent.objects.get(meter=meter).by == olga
    assert claims.approve(application=application, by=olga, now=NOW) == meter
    assert log.log_size() == key.log_index + 1


def test_same_claim_again_gives_the_same_application(code: str) -> None:
    assert claims.claim(asked=asked(code), now=NOW) == claims.claim(asked=asked(code), now=NOW)
    assert Application.objects.count() == 1


def test_code_is_good_once(code: str) -> None:
    claims.claim(asked=asked(code), now=NOW)

    with pytest.raises(Refused) as raised:
        claims.claim(asked=asked(code, serial="CW-other", private=99), now=NOW)
    assert code_of(raised) == "claim_unknown"


def test_code_expires(code: str) -> None:
    with pytest.raises(Refused) as raised:
        claims.claim(asked=asked(code), now=NOW + claims.CODE_LIFE)
    assert code_of(raised) == "claim_unknown"
    assert ClaimCode.objects.get().used_at is None


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"signature": b""}, "claim_signature"),
        ({"serial": "CW-forged"}, "claim_signature"),
        ({"public_key": b"\x02" + b"\xff" * 32}, "claim_malformed"),
        ({"serial": ""}, "claim_malformed"),
        ({"serial": " x"}, "claim_malformed"),
        ({"vendor": "v" * 65}, "claim_malformed"),
        ({"register_modulus_wh": 0}, "claim_malformed"),
        ({"code": "AAAA-AAAA-AAAA"}, "claim_signature"),
    ],
)
def test_bad_claim_leaves_the_code_open(code: str, change: dict[str, Any], expected: str) -> None:
    with pytest.raises(Refused) as raised:
        claims.claim(asked=replace(asked(code), **change), now=NOW)
    assert code_of(raised) == expected
    assert ClaimCode.objects.get().used_at is None


def test_serial_that_is_registered_cannot_be_claimed(alice: Home, code: str) -> None:
    with pytest.raises(Refused) as raised:
        claims.claim(asked=asked(code, serial=alice.meter.serial), now=NOW)
    assert code_of(raised) == "claim_serial"


def test_refusal_needs_a_reason_and_is_final(zone: Zone, olga: User, code: str) -> None:
    application = claims.claim(asked=asked(code), now=NOW)
    with pytest.raises(Refused) as raised:
        claims.refuse(application=application, by=olga, reason="  ", now=NOW)
    assert code_of(raised) == "no_reason"

    claims.refuse(application=application, by=olga, reason="unknown device", now=NOW)

    with pytest.raises(Refused) as again:
        claims.approve(application=application, by=olga, now=NOW)
    assert code_of(again) == "decided"
    assert not Meter.objects.filter(serial="CW-new").exists()


def test_teammate_and_stranger_change_no_meter(zone: Zone, olga: User, alice: Home, code: str) -> None:
    application = claims.claim(asked=asked(code), now=NOW)
    for person in (auditor(zone), stranger()):
        for change in (
            lambda by: claims.issue(zone=zone, by=by, now=NOW),
            lambda by: claims.approve(application=application, by=by, now=NOW),
            lambda by: claims.refuse(application=application, by=by, reason="x", now=NOW),
            lambda by: key_changes.revoke(meter=alice.meter, from_counter=1, by=by, reason="x", now=NOW),
            lambda by: key_changes.decommission(meter=alice.meter, by=by, reason="x", now=NOW),
            lambda by: key_changes.replace(
                meter=alice.meter, suite=Suite.P256, public_key=key_of(KEY), from_counter=5, by=by, reason="x", now=NOW
            ),
        ):
            with pytest.raises(Refused):
                change(person)
    alice.meter.refresh_from_db()
    assert alice.meter.state == MeterState.ACTIVE
    assert MeterEvent.objects.count() == 0


def rotated(home: Home, *, from_counter: int = 3, private: int = KEY, signer: int | None = None) -> dict[str, Any]:
    suite = home.identity.suite
    text = lifecycle.rotation_text(
        serial=home.meter.serial, suite=suite, public_key=key_of(private, suite), from_counter=from_counter
    )
    return {
        "serial": home.meter.serial,
        "suite": suite,
        "public_key": key_of(private, suite),
        "from_counter": from_counter,
        "old_signature": ocmf.sign(text, suite=suite, private_key=signer or home.identity.private_key),
        "new_signature": ocmf.sign(text, suite=suite, private_key=private),
    }


def sent(home: Home, counter: int, *, private: int | None = None) -> str:
    slot = FIRST_SLOT + counter % 8
    (result,) = ingest(records=[home.record(counter, [(slot, counter, 0)], private_key=private)], now=NOW)
    return result.refusal.code if result.refusal else result.status


def test_both_keys_are_good_while_they_overlap(alice: Home) -> None:
    made = key_changes.rotate(**rotated(alice), now=NOW)

    end = 3 + lifecycle.OVERLAP_RECORDS
    assert [sent(alice, 3), sent(alice, 4, private=KEY), sent(alice, 2)] == ["accepted"] * 3
    assert sent(alice, 2, private=KEY) == "bad-signature"
    assert sent(alice, end) == "bad-signature"
    assert sent(alice, end, private=KEY) == "accepted"
    assert made.log_index is not None
    closing, opening = log.decoded(made.log_index - 1), log.decoded(made.log_index)
    assert (closing["fromCounter"], closing["toCounter"]) == (1, end)
    assert (opening["fromCounter"], opening["toCounter"]) == (3, None)


def test_same_rotation_again_changes_nothing(alice: Home) -> None:
    made = key_changes.rotate(**rotated(alice), now=NOW)
    size = log.log_size()

    assert key_changes.rotate(**rotated(alice), now=NOW) == made
    assert log.log_size() == size


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"old_signature": b"x"}, "key_signature"),
        ({"new_signature": b"x"}, "key_signature"),
        ({"from_counter": 4}, "key_signature"),
        ({"serial": "CW-nobody"}, "key_unknown_meter"),
    ],
)
def test_rotation_needs_both_signatures(alice: Home, change: dict[str, Any], expected: str) -> None:
    with pytest.raises(Refused) as raised:
        key_changes.rotate(**{**rotated(alice), **change}, now=NOW)
    assert code_of(raised) == expected
    assert MeterKey.objects.filter(meter=alice.meter).count() == 1


def test_a_key_that_was_replaced_rotates_nothing(alice: Home, zone: Zone, olga: User) -> None:
    key_changes.replace(
        meter=alice.meter, suite=Suite.P256, public_key=key_of(KEY), from_counter=5, by=olga, reason="lost", now=NOW
    )
    with pytest.raises(Refused) as raised:
        key_changes.rotate(**rotated(alice, from_counter=9, private=99), now=NOW)
    assert code_of(raised) == "key_signature"
    assert sent(alice, 5) == "bad-signature"
    assert sent(alice, 5, private=KEY) == "accepted"
    assert sent(alice, 4) == "accepted"


@pytest.mark.parametrize("from_counter", [1, 200_000])
def test_new_key_begins_after_the_present_one_and_not_far_ahead(alice: Home, from_counter: int) -> None:
    with pytest.raises(Refused) as raised:
        key_changes.rotate(**rotated(alice, from_counter=from_counter), now=NOW)
    assert code_of(raised) == "key_counter"


def test_revoked_from_a_counter_on_what_was_before_still_counts(alice: Home, olga: User) -> None:
    key_changes.revoke(meter=alice.meter, from_counter=5, by=olga, reason="stolen", now=NOW)

    assert sent(alice, 4) == "accepted"
    assert sent(alice, 5) == "meter-revoked"
    alice.meter.refresh_from_db()
    assert alice.meter.state == MeterState.REVOKED
    with pytest.raises(Refused) as raised:
        key_changes.rotate(**rotated(alice, from_counter=6), now=NOW)
    assert code_of(raised) == "key_signature"
    event = MeterEvent.objects.get(meter=alice.meter)
    assert event.log_index is not None
    assert log.decoded(event.log_index)["toCounter"] == 5


def test_meter_that_a_point_has_is_not_decommissioned(alice: Home, olga: User) -> None:
    with pytest.raises(Refused) as raised:
        key_changes.decommission(meter=alice.meter, by=olga, reason="old", now=NOW)
    assert code_of(raised) == "still_bound"


def test_decommissioned_meter_sends_no_more(zone: Zone, olga: User, code: str) -> None:
    meter = claims.approve(application=claims.claim(asked=asked(code), now=NOW), by=olga, now=NOW)

    key_changes.decommission(meter=meter, by=olga, reason="broken", now=NOW)

    meter.refresh_from_db()
    assert meter.state == MeterState.DECOMMISSIONED
    assert MeterKey.objects.get(meter=meter).to_counter == 1
    with pytest.raises(Refused) as raised:
        key_changes.revoke(meter=meter, from_counter=1, by=olga, reason="x", now=NOW)
    assert code_of(raised) == "key_state"


def test_events_are_append_only(alice: Home, olga: User) -> None:
    key_changes.revoke(meter=alice.meter, from_counter=5, by=olga, reason="stolen", now=NOW)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic(), owner():
        MeterEvent.objects.update(reason="other")


def claim_body(typed: str, **changes: Any) -> dict[str, Any]:
    made = asked(typed)
    return {
        "code": typed,
        "serial": made.serial,
        "suite": "ECDSA-secp256r1-SHA256",
        "public_key": made.public_key.hex(),
        "signature": made.signature.hex(),
        **changes,
    }


def post(client: Client, name: str, body: object) -> Any:
    return client.post(reverse(name), json.dumps(body), content_type="application/json")


def test_device_claims_and_asks_how_it_went(client: Client, olga: User, code: str) -> None:
    answer = post(client, "api-claim", claim_body(code))
    assert answer.status_code == 202
    where = reverse("api-claim-state", args=[answer.json()["id"]])
    assert client.get(where).json()["state"] == "pending"

    claims.refuse(application=Application.objects.get(), by=olga, reason="not ours", now=NOW)

    assert client.get(where).json() == {
        "id": answer.json()["id"],
        "serial": "CW-new",
        "state": "refused",
        "reason": "not ours",
    }


@pytest.mark.parametrize(
    ("change", "status", "problem"),
    [
        ({"code": "WRNG-WRNG-WRNG"}, 401, "bad-signature"),
        ({"signature": "zz"}, 400, "bad-request"),
        ({"signature": "00"}, 401, "bad-signature"),
        ({"suite": "RSA"}, 422, "unsupported-suite"),
        ({"serial": "a\x00b"}, 400, "bad-request"),
        ({"serial": "x" * 65}, 422, "claim-malformed"),
        ({"register_modulus_wh": 2**70}, 400, "bad-request"),
        ({"more": 1}, 400, "bad-request"),
        ({"vendor": "x" * 20_000}, 413, "too-large"),
    ],
)
def test_bad_claims_have_a_problem_each(
    client: Client, code: str, change: dict[str, Any], status: int, problem: str
) -> None:
    answer = post(client, "api-claim", claim_body(code, **change))

    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{problem}")
    assert ClaimCode.objects.get().used_at is None


def test_unknown_code_is_not_found(client: Client, zone: Zone) -> None:
    answer = post(client, "api-claim", claim_body("ABCD-EFGH-JKLM"))
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/claim-unknown")


def test_guessing_codes_is_slowed_down(client: Client, zone: Zone, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [post(client, "api-claim", claim_body("ABCD-EFGH-JKLM")) for _ in range(21)]

    assert [answer.status_code for answer in answers] == [404] * 20 + [429]
    wait = int(answers[-1].headers["Retry-After"])
    assert 0 < wait <= 600
    monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(seconds=wait))
    assert post(client, "api-claim", claim_body("ABCD-EFGH-JKLM")).status_code == 404


def test_device_rotates_its_key(client: Client, alice: Home) -> None:
    made = rotated(alice)
    body = {
        "serial": made["serial"],
        "suite": ocmf.SUITE_NAMES[made["suite"]],
        "public_key": made["public_key"].hex(),
        "from_counter": 3,
        "old_signature": made["old_signature"].hex(),
        "new_signature": made["new_signature"].hex(),
    }

    answer = post(client, "api-keys", body)

    assert answer.status_code == 200
    assert answer.json()["old_key_until"] == 3 + lifecycle.OVERLAP_RECORDS
    assert post(client, "api-keys", {**body, "old_signature": "00"}).status_code == 401
    assert client.get(reverse("api-keys")).status_code == 405
    assert client.post(reverse("api-claim-state", args=["0" * 8 + "-0000-0000-0000-" + "0" * 12])).status_code == 405


def test_approval_at_the_founding_day_is_dated(zone: Zone, olga: User) -> None:
    made, _ = claims.issue(zone=zone, by=olga, now=FOUNDED, note=" for the Huber family ")
    assert (made.note, made.expires_at) == ("for the Huber family", FOUNDED + claims.CODE_LIFE)
