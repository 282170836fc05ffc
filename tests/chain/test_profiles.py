"""The settings of a chain: a profile's defaults, each replaced by a setting of its own, nonsense refused."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from grid.config.chain_profiles import PROFILES

ROOT = Path(__file__).resolve().parents[2]
SHOW = """
import json
from django.conf import settings
print(json.dumps({name: getattr(settings, name) for name in dir(settings) if name.startswith("CHAIN_")}, default=str))
"""


def read(**env: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CHAIN_")}
    return subprocess.run(
        [sys.executable, "-c", SHOW],
        env={**kept, "DJANGO_SETTINGS_MODULE": "grid.config.settings", "WATT_DEMO": "1", **env},
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_default_is_a_consortium_chain_and_a_setting_replaces_its_part() -> None:
    found = json.loads(read(CHAIN_CONFIRMATIONS="3").stdout)
    expected = PROFILES["consortium"]
    assert found["CHAIN_CONFIRMATIONS"] == 3
    assert found["CHAIN_MAX_FEE_WEI"] == expected.max_fee_wei
    assert found["CHAIN_REORG_DEPTH"] == expected.reorg_depth


def test_a_public_chain_has_other_defaults() -> None:
    found, expected = json.loads(read(CHAIN_PROFILE="l2").stdout), PROFILES["l2"]
    for name in ("confirmations", "reorg_depth", "max_fee_wei", "bump_seconds", "stale_seconds", "lag_blocks"):
        assert found[f"CHAIN_{name.upper()}"] == getattr(expected, name)


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("CHAIN_PROFILE", "mainnet", "give consortium or l2"),
        ("CHAIN_CONFIRMATIONS", "0", "give 1 or more"),
        ("CHAIN_REORG_DEPTH", "-1", "give 0 or more"),
        ("CHAIN_GAS_LIMIT", "20999", "give 21000 or more"),
    ],
)
def test_what_no_chain_could_use_is_refused(name: str, value: str, told: str) -> None:
    done = read(**{name: value})
    assert done.returncode != 0
    assert told in done.stderr
    assert name in done.stderr


def test_the_page_says_what_the_profiles_are() -> None:
    page = (ROOT / "docs" / "CHAIN.md").read_text()
    for name in ("confirmations", "reorg_depth", "max_fee_wei", "bump_seconds", "stale_seconds", "lag_blocks"):
        row = re.search(rf"^\| `CHAIN_{name.upper()}` \| ([\d,]+) \| ([\d,]+) \|", page, re.M)
        assert row is not None
        told = [int(number.replace(",", "")) for number in row.groups()]
        assert told == [getattr(PROFILES[profile], name) for profile in ("consortium", "l2")]


def test_the_example_names_every_setting() -> None:
    example = (ROOT / ".env.example").read_text()
    for name in json.loads(read().stdout):
        if name != "CHAIN_FOLLOWS_CLOCK":
            assert name in example
