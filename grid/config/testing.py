"""`./watt test`: every everyday suite, one exit code, one last summary."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from grid.config import browser
from grid.config.runtime import ROOT
from grid.config.servers import anvil

# Histories of the contracts' state machine in a long campaign.
DEEP_CONTRACT_EXAMPLES = "100"
# Changes of the contracts that a long campaign puts before their tests: the sample that contracts/MUTANTS.md answers.
DEEP_MUTANTS = ("--sample", "200", "--seed", "1")
COUNT = re.compile(r"(\d+) (passed|failed|errors?|skipped)\b")


@dataclass
class Suite:
    """One command of the test run and what it said."""

    name: str
    command: list[str]
    counts_tests: bool = False
    seconds: float = 0.0
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def run(self, env: dict[str, str]) -> None:
        """Run it with its output on this terminal; a check counts as one test."""
        print(f"\n== {self.name}: {' '.join(self.command)}", flush=True)
        began = time.monotonic()
        process = subprocess.Popen(
            self.command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        last = ""
        assert process.stdout is not None  # it was asked for above
        for line in process.stdout:
            sys.stdout.write(line)
            sys.stdout.flush()
            if COUNT.search(line):
                last = line
        code = process.wait()
        self.seconds = time.monotonic() - began
        self._count(last if self.counts_tests else "", code)

    def _count(self, summary: str, code: int) -> None:
        for number, word in COUNT.findall(summary):
            if word == "passed":
                self.passed += int(number)
            elif word == "skipped":
                self.skipped += int(number)
            else:
                self.failed += int(number)
        if not self.counts_tests and code == 0:
            self.passed = 1
        if code and not self.failed:
            self.failed = 1
        if self.counts_tests and code == 0 and not self.passed:
            self.failed = 1  # a suite that ran nothing proves nothing


def _python(*arguments: str) -> list[str]:
    return [sys.executable, "-m", *arguments]


def _checks() -> list[Suite]:
    binaries = os.path.dirname(sys.executable)
    node = os.environ.get("NODE", "node")
    return [
        Suite("style", _python("ruff", "check", ".")),
        Suite("format", _python("ruff", "format", "--check", ".")),
        Suite("imports", [os.path.join(binaries, "lint-imports"), "--no-logo"]),
        Suite("types", _python("mypy", "grid", "forecasting")),
        Suite("typescript", [node, "node_modules/typescript/bin/tsc", "--noEmit", "-p", "frontend"]),
    ]


def _graded() -> list[Suite]:
    """What grades the contracts and their tests in a long campaign."""
    return [
        Suite("slither", ["sh", "contracts/scripts/slither.sh"]),
        Suite("mutants", [sys.executable, "contracts/scripts/mutate.py", *DEEP_MUTANTS]),
    ]


def run(*, deep: bool, only: str | None, arguments: Sequence[str]) -> int:
    """Run the suites; arguments go to pytest and leave out the rest. Returns the exit code."""
    env = {**os.environ, "WATT_DEMO": "1", "CHROMIUM": str(browser.get()), "ANVIL": str(anvil.binary())}
    # A test must not reach servers that the shell happens to name.
    for name in ("WATT_CLOCK_FILE", "WATT_DATA"):
        env.pop(name, None)
    chosen = ["--run-deep"] if deep else []
    if deep:
        env["CONTRACT_EXAMPLES"] = DEEP_CONTRACT_EXAMPLES
    pytest = Suite("python", _python("pytest", "-q", *chosen, *arguments), counts_tests=True)
    contracts = [
        Suite("contract artifacts", ["sh", "contracts/scripts/build.sh", "--check"]),
        Suite("contracts", ["sh", "contracts/scripts/run_tests.sh", "-q"], counts_tests=True),
    ]
    if deep:
        contracts += _graded()
    if arguments:
        suites = [pytest]
    else:
        groups = {"checks": _checks(), "python": [pytest], "contracts": contracts}
        suites = [suite for name, group in groups.items() if only in (None, name) for suite in group]
    for suite in suites:
        suite.run(env)
    return _summary(suites)


def _summary(suites: list[Suite]) -> int:
    print()
    for suite in suites:
        state = "FAILED" if suite.failed else "ok"
        counted = f"{suite.passed} passed, {suite.failed} failed, {suite.skipped} skipped" if suite.counts_tests else ""
        print(f"{suite.name:20} {state:8} {suite.seconds:6.1f} s  {counted}")
    passed, failed = sum(suite.passed for suite in suites), sum(suite.failed for suite in suites)
    print(f"{passed} passed, {failed} failed", flush=True)
    return 1 if failed else 0
