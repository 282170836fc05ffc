"""Case files made from the database prove the statement or the reading to somebody who has no database."""

import json
from typing import Any

import pytest

from grid.disputes import evidence
from grid.disputes.evidence import NotProvableYet
from grid.domain.casefile import from_json
from grid.metering.models import Interval, Quality
from grid.records import log_key
from grid.records.errors import Erased
from grid.records.models import Checkpoint, LogKey
from grid.records.queries import keys
from grid.settlement.models import PointStatement
from grid.settlement.queries.statements import headers_of
from grid.verifier.report import Outcome, Report
from grid.verifier.verification import Trust, verify
from tests.grid.disputes.conftest import HELD, TRADED, LivedDay
from tests.grid.street import FIRST
from tests.rights import tamper


def checked(document: dict[str, Any]) -> Report:
    """The report on a case as it comes back from a file."""
    return verify(from_json(json.loads(json.dumps(document))), Trust(log_key=log_key.signer().verifier_key))


def said(report: Report, outcome: Outcome) -> list[str]:
    return [str(result) for result in report.results if result.outcome is outcome]


def statement_of(lived: LivedDay, name: str) -> PointStatement:
    return PointStatement.objects.get(run=lived.run, point__name=name)


@pytest.mark.parametrize("name", ["alice", "bob", "carol"])
def test_a_statement_is_proven_down_to_the_signed_bytes(lived: LivedDay, name: str) -> None:
    report = checked(evidence.statement_case(statement=statement_of(lived, name)))

    assert said(report, Outcome.FAILS) == []
    assert [line.partition("  ")[2].strip().partition(":")[0] for line in said(report, Outcome.NOT_CHECKED)] == [
        "headers are the sums of all members' lines",
        "checkpoint is anchored on chain",
        "run is posted on chain",
    ]
    held = "\n".join(said(report, Outcome.HOLDS))
    assert "INTERVAL has the energy of its registers (96 times)" in held
    assert "registers of the INTERVAL are those of the signed records (96 times)" in held
    assert "local trades are the fills of the AUCTIONs" in held


def test_the_lived_day_has_trades_a_hold_and_an_estimate(lived: LivedDay) -> None:
    """So that the test above means something."""
    case = from_json(evidence.statement_case(statement=statement_of(lived, "alice")))
    assert len(case.fills) == len(TRADED)
    mismatches = {header.slot - FIRST: header.mismatch_wh for header in headers_of(lived.run)}
    assert mismatches.pop(HELD) < 0, "Alice's hold leaves the buyers of its slot without a seller"
    assert set(mismatches.values()) == {0}
    estimated = Interval.objects.filter(point=lived.street.carol.point, quality=Quality.ESTIMATED)
    assert sorted(interval.slot - FIRST for interval in estimated) == [49, 50]


def test_the_case_names_run_checkpoint_and_contracts(lived: LivedDay) -> None:
    document = evidence.statement_case(statement=statement_of(lived, "bob"))
    assert document["log"]["seq"] == document["run"]["checkpoint"] == lived.checkpoint.seq
    assert document["chain"] == {"chainId": 31337, "recordAnchor": "0x" + "aa" * 20, "settlement": "0x" + "bb" * 20}
    assert document["run"]["rowsRoot"] == "0x" + bytes(lived.run.rows_root).hex()


def test_an_account_with_two_points_gets_both(lived: LivedDay) -> None:
    """Only together do they add up to its row."""
    statement = statement_of(lived, "carol")
    bobs = statement_of(lived, "bob")
    tamper(f"UPDATE settlement_pointstatement SET account_id = {statement.account_id} WHERE id = {bobs.pk}")
    document = evidence.statement_case(statement=statement)
    assert [point["position"] for point in document["run"]["points"]] == sorted([statement.position, bobs.position])


def interval_of(lived: LivedDay, name: str, offset: int) -> Interval:
    return Interval.objects.get(point__name=name, slot=FIRST + offset)


@pytest.mark.parametrize(("name", "offset", "records"), [("alice", 40, 1), ("bob", 31, 2), ("carol", 49, 1)])
def test_a_reading_is_proven(lived: LivedDay, name: str, offset: int, records: int) -> None:
    """Within one record, across two, and estimated where a border was lost."""
    document = evidence.interval_case(interval=interval_of(lived, name, offset))
    report = checked(document)
    assert said(report, Outcome.FAILS) == []
    assert len(document["records"]) == records
    held = "\n".join(said(report, Outcome.HOLDS))
    assert "signed record has a READING and a KEY in the log" in held
    assert "INTERVAL has the energy of its registers" in held
    assert "registers of the INTERVAL are those of the signed records" in held


def test_a_row_changed_in_the_database_is_found(lived: LivedDay) -> None:
    row = lived.run.rows.get(address=lived.street.bob.account.address)
    tamper(f"UPDATE settlement_runrow SET day_net = day_net + 5 WHERE id = {row.pk}")
    failed = said(checked(evidence.statement_case(statement=statement_of(lived, "bob"))), Outcome.FAILS)
    assert any("rows are under rowsRoot" in line for line in failed)
    assert any("is settled for the sum of its points" in line for line in failed)


def test_before_a_checkpoint_nothing_is_provable(lived: LivedDay) -> None:
    lived.run.checkpoint = None
    lived.run.save()
    with pytest.raises(NotProvableYet, match="waits for an anchored checkpoint"):
        evidence.statement_case(statement=statement_of(lived, "bob"))


def test_a_reading_is_proven_by_a_signed_checkpoint_that_is_not_anchored_yet(lived: LivedDay) -> None:
    Checkpoint.objects.update(anchored_at=None)
    document = evidence.interval_case(interval=interval_of(lived, "bob", 12))
    assert document["log"]["seq"] is None
    assert checked(document).passed


def test_a_reading_after_the_last_checkpoint_waits(lived: LivedDay) -> None:
    interval = interval_of(lived, "bob", 12)
    interval.log_index = lived.checkpoint.size
    with pytest.raises(NotProvableYet, match="No checkpoint covers"):
        evidence.interval_case(interval=interval)


def test_an_erased_key_says_so(lived: LivedDay) -> None:
    LogKey.objects.filter(scope=lived.street.bob.point.pk).delete()
    keys.forget()
    with pytest.raises(Erased):
        evidence.statement_case(statement=statement_of(lived, "bob"))
    with pytest.raises(Erased):
        evidence.interval_case(interval=interval_of(lived, "bob", 12))


@pytest.mark.parametrize("name", ["alice", "bob", "carol"])
def test_the_erasure_of_all_neighbours_takes_nothing_from_a_statement(lived: LivedDay, name: str) -> None:
    before = evidence.statement_case(statement=statement_of(lived, name))
    own = statement_of(lived, name).point_id
    LogKey.objects.filter(scope__in=[home.point.pk for home in lived.street.homes if home.point.pk != own]).delete()
    keys.forget()
    after = evidence.statement_case(statement=statement_of(lived, name))
    assert after == before
    assert after["fills"]
    assert checked(after).passed
