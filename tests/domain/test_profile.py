"""Jurisdiction profiles: what is read, what is refused and by which name, what is hashed."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from grid.domain.entries import Mode
from grid.domain.profile import ProfileError, parse, profile_hash
from grid.domain.slots import slot_of

DEMO = Path(__file__).parents[2] / "grid" / "pricing" / "profiles" / "demo.json"
ACCOUNTS = {name: f"0x{number:040x}" for number, name in enumerate(("supplier", "fee", "dust", "balancing"), 1)}


@pytest.fixture
def document() -> dict[str, Any]:
    return {**json.loads(DEMO.read_text()), "system_accounts": ACCOUNTS}


def test_the_demonstration_profile_is_read(document: dict[str, Any]) -> None:
    profile = parse(document)
    assert profile.mode is Mode.EX_ANTE
    assert profile.windows.gate_lead_slots == 4
    assert profile.system_accounts[3] == bytes(19) + b"\x04"
    tariff = profile.tariff(1_900_000)
    assert (tariff.import_price, tariff.export_price, tariff.fee_price) == (300_000, 80_000, 30_000)


def test_bands_follow_the_local_clock_through_both_clock_changes(document: dict[str, Any]) -> None:
    document["tariffs"]["import"] = [
        {"from": "00:00", "to": "06:00", "price": 100},
        {"from": "06:00", "to": "24:00", "price": 200},
    ]
    profile = parse(document)
    winter, summer = 1_768_629_600, 1_784_260_800  # 07:00 in Vienna (UTC+1), 06:00 in Vienna (UTC+2)
    assert profile.tariff(slot_of(winter)).import_price == 200
    assert profile.tariff(slot_of(winter - 3600) - 1).import_price == 100
    assert profile.tariff(slot_of(summer)).import_price == 200
    assert profile.tariff(slot_of(summer) - 1).import_price == 100
    spring_day, autumn_day = 20_541, 20_751  # 29 March and 25 October 2026
    cheap = [
        sum(1 for tariff in profile.tariffs_of_day(day) if tariff.import_price == 100)
        for day in (spring_day, autumn_day)
    ]
    # A UTC day begins at 01:00 local time in winter and at 02:00 in summer, and ends likewise:
    # 16 quarter hours to 06:00 plus 8 after midnight in spring, 20 plus 4 in autumn.
    assert cheap == [16 + 8, 20 + 4]


def test_the_hash_depends_on_content_and_not_on_layout(document: dict[str, Any]) -> None:
    reordered = dict(reversed(list(document.items())))
    assert profile_hash(reordered) == profile_hash(document) == parse(document).hash
    document["tariffs"]["fee"][0]["price"] += 1
    assert profile_hash(document) != profile_hash(reordered | {"tariffs": json.loads(DEMO.read_text())["tariffs"]})


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("schema",), 2, r"profile.schema is 2; this version reads schema 1"),
        (("mode",), "ex_nunc", r"profile.mode is 'ex_nunc'"),
        (("currency",), "euro", r"profile.currency is 'euro'"),
        (("time_zone",), "Europe/Atlantis", r"profile.time_zone is 'Europe/Atlantis'"),
        (("windows", "gate_lead_slots"), 0, r"profile.windows.gate_lead_slots is 0; .* from 1 to 96"),
        (("windows", "hold_days"), 2.5, r"profile.windows.hold_days is 2.5; .* whole number"),
        (("windows", "hold_days"), True, r"profile.windows.hold_days is True"),
        (("limits", "discount"), 1, r"profile.limits.discount is no field"),
        (("colour",), "green", r"profile.colour is no field"),
        (("tariffs", "fee", 0, "price"), -1, r"profile.tariffs.fee\[0\].price is -1"),
        (("tariffs", "import", 0, "to"), "25:00", r"profile.tariffs.import\[0\].to is '25:00'"),
        (("tariffs", "import", 0, "to"), "23:50", r"profile.tariffs.import\[0\].to is '23:50'"),
        (("tariffs", "import", 0, "to"), "23:00", r"profile.tariffs.import ends at 23:00 instead of 24:00"),
        (("tariffs", "import", 0, "from"), "01:00", r"profile.tariffs.import\[0\] .* must begin at 00:00"),
        (("tariffs", "import"), [], r"profile.tariffs.import must be a list of bands"),
        (("system_accounts", "fee"), "0xAB", r"profile.system_accounts.fee is '0xAB'"),
        (("system_accounts", "fee"), "0x" + "0" * 40, r"profile.system_accounts.fee is '0x0"),
        (("system_accounts", "fee"), ACCOUNTS["dust"], r"profile.system_accounts must be four different"),
    ],
)
def test_a_wrong_field_is_named(
    document: dict[str, Any], path: tuple[str | int, ...], value: object, message: str
) -> None:
    wrong = copy.deepcopy(document)
    place: Any = wrong
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(ProfileError, match=message):
        parse(wrong)


@pytest.mark.parametrize("name", sorted({**json.loads(DEMO.read_text()), "system_accounts": 0}))
def test_a_missing_field_is_named(document: dict[str, Any], name: str) -> None:
    del document[name]
    with pytest.raises(ProfileError, match=rf"profile.{name} is missing"):
        parse(document)


def test_a_profile_that_is_no_object_is_refused() -> None:
    with pytest.raises(ProfileError, match="profile must be a JSON object"):
        parse([1, 2])
