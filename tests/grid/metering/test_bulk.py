"""Registering meters by CSV: what is tried, what is applied, and what each row is told."""

from typing import Any

import pytest

from grid.accounts.models import User, Zone
from grid.domain import ocmf
from grid.domain.entries import Suite
from grid.domain.refusals import Refused
from grid.metering.models import Application, Binding, BindingProposal, BulkUpload, Meter, MeteringPoint
from grid.metering.services import bulk
from grid.records import queries as log
from tests.grid.metering.conftest import FOUNDED, Home
from tests.grid.metering.people import auditor, operator, stranger

HEAD = "serial,suite,public_key,point,fuse_w,account,from_day,multiplier"


@pytest.fixture
def olga(zone: Zone) -> User:
    return operator(zone)


def key(private: int, suite: Suite = Suite.P256) -> str:
    return ocmf.public_key_bytes(suite, private).hex()


def row(number: int, **changes: str) -> str:
    cells = {"serial": f"B-{number}", "suite": "P-256", "key": key(number), "point": f"House {number}", "fuse": "17250"}
    cells |= {"account": "", "day": "", "multiplier": ""} | changes
    return ",".join(cells.values())


def tried(zone: Zone, by: User, *rows: str, head: str = HEAD, whole: bool = True) -> BulkUpload:
    content = "\n".join([head, *rows]).encode()
    return bulk.upload(zone=zone, name="meters.csv", content=content, all_or_nothing=whole, by=by, now=FOUNDED)


def statuses(upload: BulkUpload) -> list[tuple[int, str]]:
    return [(each["line"], each["status"]) for each in upload.report]


def test_trying_registers_nothing_and_applying_does(zone: Zone, olga: User) -> None:
    upload = tried(zone, olga, row(1), row(2))
    assert statuses(upload) == [(2, "new"), (3, "new")]
    assert (Meter.objects.count(), MeteringPoint.objects.count(), log.log_size()) == (0, 0, 0)

    bulk.apply(upload=upload, by=olga, now=FOUNDED)

    assert sorted(Meter.objects.values_list("serial", flat=True)) == ["B-1", "B-2"]
    assert MeteringPoint.objects.get(name="House 1").fuse_w == 17_250
    assert Application.objects.filter(state="approved", decided_by=olga).count() == 2
    size = log.log_size()
    bulk.apply(upload=upload, by=olga, now=FOUNDED)
    again = bulk.apply(upload=tried(zone, olga, row(1), row(2)), by=olga, now=FOUNDED)
    assert statuses(again) == [(2, "known"), (3, "known")]
    assert (log.log_size(), Meter.objects.count()) == (size, 2)


def test_row_with_an_account_waits_for_the_members_signature(zone: Zone, olga: User, alice: Home) -> None:
    account = Binding.objects.get(point=alice.point).account
    assert account is not None
    upload = tried(
        zone, olga, row(1, account=account.address.upper().replace("X", "x"), day="2025-11-10", multiplier="3/2")
    )

    bulk.apply(upload=upload, by=olga, now=FOUNDED)

    proposal = BindingProposal.objects.get()
    assert (proposal.state, proposal.account, proposal.multiplier_num, proposal.multiplier_den) == (
        "open",
        account,
        3,
        2,
    )
    assert Binding.objects.count() == 1


def test_one_bad_row_keeps_the_others_back_or_not(zone: Zone, olga: User) -> None:
    rows = (row(1), row(2, suite="RSA"))
    whole = tried(zone, olga, *rows)
    assert statuses(whole) == [(2, "skipped"), (3, "error")]
    with pytest.raises(Refused) as raised:
        bulk.apply(upload=whole, by=olga, now=FOUNDED)
    assert raised.value.code == "bulk_errors"
    assert Meter.objects.count() == 0

    part = tried(zone, olga, *rows, whole=False)
    bulk.apply(upload=part, by=olga, now=FOUNDED)
    assert list(Meter.objects.values_list("serial", flat=True)) == ["B-1"]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"serial": ""}, "serial"),
        ({"serial": "x" * 65}, "serial"),
        ({"suite": "RSA"}, "suite"),
        ({"key": "02ff"}, "public_key"),
        ({"key": key(1, Suite.SECP256K1)}, "public_key"),
        ({"fuse": "0"}, "fuse_w"),
        ({"fuse": "-5"}, "fuse_w"),
        ({"fuse": "1e3"}, "fuse_w"),
        ({"fuse": "٣"}, "fuse_w"),
        ({"account": "0x" + "12" * 20}, "account"),
        ({"multiplier": "0"}, "multiplier"),
        ({"multiplier": "1/0"}, "multiplier"),
        ({"multiplier": "1/2/3"}, "multiplier"),
        ({"day": "yesterday"}, "from_day"),
        ({"multiplier": "1,one too many"}, "9 cells instead of 8"),
    ],
)
def test_each_mistake_names_its_column(zone: Zone, olga: User, changes: dict[str, str], named: str) -> None:
    (report,) = tried(zone, olga, row(1, **changes)).report
    assert report["status"] == "error"
    assert named in report["message"]


def test_what_stands_twice_is_an_error_in_both_rows(zone: Zone, olga: User, alice: Home) -> None:
    upload = tried(
        zone,
        olga,
        row(1),
        row(1, point="Other"),
        row(3, key=key(4)),
        row(4),
        row(5, serial=alice.meter.serial),
        row(6, point="alice"),
    )
    assert [each["status"] for each in upload.report] == ["error"] * 6
    assert "another key" in upload.report[4]["message"]
    assert "of this name" in upload.report[5]["message"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "bulk_columns"),
        (HEAD.encode(), "bulk_empty"),
        (b"serial,suite\nx,y", "bulk_columns"),
        (b"serial,suite,public_key,colour\n1,2,3,4", "bulk_columns"),
        (b"serial,serial,suite,public_key\n1,2,3,4", "bulk_columns"),
        (HEAD.encode() + b"\nB\xfc", "bulk_encoding"),
        (HEAD.encode() + b"\nB\x00", "bulk_encoding"),
        (HEAD.encode() + b'\n"B', "bulk_columns"),
        (b"x" * (bulk.MAX_BYTES + 1), "bulk_size"),
        (HEAD.encode() + b"\nB" * (bulk.MAX_ROWS + 1), "bulk_rows"),
    ],
)
def test_file_that_cannot_be_read_is_refused(zone: Zone, olga: User, content: bytes, code: str) -> None:
    with pytest.raises(Refused) as raised:
        bulk.upload(zone=zone, name="x", content=content, all_or_nothing=True, by=olga, now=FOUNDED)
    assert raised.value.code == code
    assert BulkUpload.objects.count() == 0


def test_spreadsheet_of_a_german_office_is_read(zone: Zone, olga: User) -> None:
    content = "\ufeffserial;suite;public_key;point;fuse_w\r\nB-1;secp256k1;{};Müller;17250\r\n\r\n"
    content = content.format(key(1, Suite.SECP256K1))
    made = bulk.upload(zone=zone, name="x.csv", content=content.encode(), all_or_nothing=True, by=olga, now=FOUNDED)
    assert statuses(made) == [(2, "new")]


def test_teammate_and_stranger_register_nothing(zone: Zone, olga: User) -> None:
    upload = tried(zone, olga, row(1))
    for person in (auditor(zone), stranger()):
        for change in (
            lambda by: tried(zone, by, row(1)),
            lambda by: bulk.apply(upload=upload, by=by, now=FOUNDED),
        ):
            with pytest.raises(Refused) as raised:
                _: Any = change(person)
            assert raised.value.code == "not_allowed"
    assert Meter.objects.count() == 0
