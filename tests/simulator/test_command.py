"""The command line and the folder it works in."""

import gzip
import io
import json
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from rich.console import Console

from grid.domain import ocmf
from grid.simulator import backfill
from grid.simulator.__main__ import main
from grid.simulator.client import MeterClient
from grid.simulator.folder import FolderError, Founding, StreetFolder
from grid.simulator.profiles import Place

ORIGIN = 2_064_000
FOUNDING = Founding(
    place=Place(52.5, 13.4, "Europe/Berlin", "DE"), origin_slot=ORIGIN, window_end_slot=ORIGIN + 192, count=2
)


def accept(request: httpx.Request) -> httpx.Response:
    records = json.loads(gzip.decompress(request.content))["records"]
    results = [{"status": "accepted", "readings": len(ocmf.parse(record).registers)} for record in records]
    problem = {"title": "The meter is not registered", "detail": "MS: no meter"}
    return httpx.Response(200, json={"results": [*results[:-1], {"status": "rejected", "problem": problem}]})


def test_backfill_says_what_it_sent_and_what_was_refused(tmp_path: Path) -> None:
    said = io.StringIO()
    with MeterClient("http://platform", connections=1, transport=httpx.MockTransport(accept)) as client:
        street = StreetFolder(tmp_path, FOUNDING).street(client)

        outcome = backfill.run(street, to_unix=(ORIGIN + 95) * 900, console=Console(file=said, width=200))

    assert (outcome.readings, len(outcome.problems)) == (2 * 96, 1)
    assert "192 readings in 2 records accepted, 0 known before, 1 refused" in said.getvalue()
    assert "The meter is not registered: MS: no meter" in said.getvalue()


def test_street_stays_what_it_was_founded_as(tmp_path: Path) -> None:
    first = StreetFolder(tmp_path, FOUNDING)
    again = StreetFolder(tmp_path, replace(FOUNDING, origin_slot=ORIGIN + 96, count=5))

    assert again.founding == FOUNDING
    assert again.roster == first.roster
    assert len({member.wallet.address for member in first.roster.members}) == 2


def test_damaged_street_is_named(tmp_path: Path) -> None:
    (tmp_path / "street.json").write_text("[]")

    with pytest.raises(FolderError, match=r"street\.json: not a street"):
        StreetFolder(tmp_path, FOUNDING)


def test_mistake_ends_the_command_with_one_clear_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["backfill", "--data", str(tmp_path / "street"), "--homes", str(tmp_path / "absent.csv")])

    assert code == 1
    assert "cannot be opened" in capsys.readouterr().err


def test_help_names_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])

    assert "{backfill,live}" in capsys.readouterr().out
