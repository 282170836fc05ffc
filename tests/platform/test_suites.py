"""`./watt test` counts what ran: a suite that ran nothing has not passed."""

import os
import sys

import pytest

from grid.config import browser, testing
from grid.config.testing import Suite


def _ran(code: int, *lines: str, counts_tests: bool = True) -> Suite:
    """A suite that printed lines and ended with a code."""
    script = f"print({chr(10).join(lines)!r}); raise SystemExit({code})"
    suite = Suite("suite", [sys.executable, "-c", script], counts_tests=counts_tests)
    suite.run(dict(os.environ))
    return suite


def test_counts_are_read_from_the_last_line_that_has_some() -> None:
    suite = _ran(1, "1 failed", "== 2 failed, 40 passed, 3 skipped, 1 error in 9.8s ==", "goodbye")
    assert (suite.passed, suite.failed, suite.skipped) == (40, 3, 3)


def test_a_suite_without_a_test_has_failed() -> None:
    assert _ran(0, "no tests ran in 0.1s").failed == 1
    assert _ran(0, "3 skipped in 0.1s").failed == 1


def test_a_suite_that_broke_off_has_failed() -> None:
    assert _ran(3, "40 passed in 9.8s", "INTERNALERROR").failed == 1


def test_a_check_is_one_test() -> None:
    passed, failed = _ran(0, counts_tests=False), _ran(1, "5 errors", counts_tests=False)
    assert (passed.passed, passed.failed) == (1, 0)
    assert (failed.passed, failed.failed) == (0, 1)


def test_the_summary_ends_with_the_sum_and_sets_the_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    good = Suite("good", [], counts_tests=True, passed=7)
    bad = Suite("bad", [], failed=1)
    assert testing._summary([good]) == 0
    assert testing._summary([good, bad]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "7 passed, 1 failed"
    assert any(line.startswith("bad") and "FAILED" in line for line in lines)


def test_arguments_go_to_pytest_and_leave_out_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[list[str]] = []
    monkeypatch.setattr(browser, "get", lambda: "chromium")
    monkeypatch.setattr(Suite, "run", lambda suite, env: ran.append(suite.command))
    monkeypatch.setattr(testing, "_summary", lambda suites: 0)
    testing.run(deep=True, only=None, arguments=["tests/domain", "-x"])
    assert [command[-3:] for command in ran] == [["--run-deep", "tests/domain", "-x"]]


def test_everything_runs_unless_a_suite_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []
    monkeypatch.setattr(browser, "get", lambda: "chromium")
    monkeypatch.setattr(Suite, "run", lambda suite, env: ran.append(suite.name))
    monkeypatch.setattr(testing, "_summary", lambda suites: 0)
    testing.run(deep=False, only=None, arguments=[])
    assert {"style", "types", "python", "contracts", "contract artifacts"} <= set(ran)
    assert "mutants" not in ran
    ran.clear()
    testing.run(deep=True, only="contracts", arguments=[])
    assert {"contracts", "slither", "mutants"} <= set(ran)
    ran.clear()
    testing.run(deep=False, only="python", arguments=[])
    assert ran == ["python"]
