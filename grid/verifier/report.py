"""What was checked: each check holds, fails, or was not made, and says why."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """How a check ended."""

    HOLDS = "holds"
    FAILS = "FAILS"
    NOT_CHECKED = "not checked"


class CheckFailed(ValueError):
    """A check that does not hold; the message says what was found instead."""


class NotInFile(Exception):
    """A check that needs something the case file does not hold, or that did not pass its own check."""


@dataclass(frozen=True, slots=True)
class Result:
    """One line of the report."""

    outcome: Outcome
    what: str
    detail: str
    times: int = 1

    def __str__(self) -> str:
        count = f" ({self.times} times)" if self.times > 1 else ""
        return f"{self.outcome:<11}  {self.what}{count}" + (f": {self.detail}" if self.detail else "")


def require(condition: bool, found: str) -> None:
    """Raise CheckFailed, saying what was found, unless the condition is true."""
    if not condition:
        raise CheckFailed(found)


class Report:
    """The checks of one case, in the order they were made. Many equal ones make one line with a count."""

    def __init__(self) -> None:
        self.results: list[Result] = []
        self._lines: dict[tuple[Outcome, str, str], int] = {}

    @contextmanager
    def check(self, what: str, *, group: str | None = None) -> Iterator[None]:
        """Make a check: it fails by ValueError (every refusal of the domain is one), else it holds.

        Checks of one group share a line unless they fail.
        """
        try:
            yield
        except NotInFile as error:
            self._add(Outcome.NOT_CHECKED, group or what, str(error))
        except ValueError as error:
            self._add(Outcome.FAILS, what, str(error))
        else:
            self._add(Outcome.HOLDS, group or what, "")

    def not_checked(self, what: str, why: str) -> None:
        """Note a check that could not be made."""
        self._add(Outcome.NOT_CHECKED, what, why)

    def count(self, outcome: Outcome) -> int:
        """Return how many checks ended so."""
        return sum(result.times for result in self.results if result.outcome is outcome)

    @property
    def passed(self) -> bool:
        """Whether something was checked and nothing failed."""
        return self.count(Outcome.HOLDS) > 0 and self.count(Outcome.FAILS) == 0

    def _add(self, outcome: Outcome, what: str, detail: str) -> None:
        line = self._lines.setdefault((outcome, what, detail), len(self.results))
        times = 1
        if line < len(self.results):
            times += self.results.pop(line).times
        self.results.insert(line, Result(outcome, what, detail, times))
