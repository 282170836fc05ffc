"""Whose a point is, and how many points an account has: what a case file's checks say of both."""

from dataclasses import replace

import pytest

from grid.domain import entries
from grid.domain.casefile import from_json, to_json
from grid.domain.entries import EntryKind
from grid.verifier.report import Outcome
from grid.verifier.verification import Trust, verify
from tests.grid.verifier import casefiles, community
from tests.grid.verifier.test_cases import failures
from tests.grid.verifier.test_run_lies import settle_otherwise


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, True),
        ({"fromDay": community.DAY + 1}, False),
        ({"toDay": community.DAY}, False),
        ({"point": bytes(32)}, False),
    ],
)
def test_a_binding_that_a_later_one_overrules(changes, found):
    """The run settles Ann's point with her; the log binds it once more, by an entry that the file holds too."""
    day = community.day()
    fields = entries.decode(EntryKind.BINDING, day.log.data[day.homes["ann"].binding])
    del fields["salt"]
    index = day.log.append(EntryKind.BINDING, "ann", **{**fields, **changes})
    try:
        case = casefiles.statement_case("ann")
        part = day.log.part(index, casefiles.checkpoint(day.log)[0])
    finally:
        del day.log.data[index], day.log.kinds[index]
    failed = failures(to_json(replace(case, entries=[*case.entries, part])))
    assert failed == (["statement 0: metered energy is that of its INTERVALs, bound to its account"] if found else [])


SUM = f"account 0x{community.day().homes['ann'].account.hex()} is settled for the sum of its points"


@pytest.mark.parametrize("count", [0, 2, 7])
def test_a_leaf_that_counts_other_points_of_its_account_than_the_run_has(count):
    assert failures(settle_otherwise(leaf={"accountPoints": count})) == [SUM]


def test_a_row_is_not_checked_from_some_of_its_points():
    changed = settle_otherwise(leaf={"accountPoints": 2})
    changed["run"]["points"] = changed["run"]["points"][:1]
    report = verify(from_json(changed), Trust())
    assert not report.count(Outcome.FAILS)
    (skipped,) = [result for result in report.results if result.what == SUM]
    assert (skipped.outcome, skipped.detail) == (Outcome.NOT_CHECKED, "the file holds 1 of its 2 points")
