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

    def __str__(self) -> str:
        return f"{self.outcome:<11}  {self.what}" + (f": {self.detail}" if self.detail else "")


def require(condition: bool, found: str) -> None:
    """Raise CheckFailed, saying what was found, unless the condition is true."""
    if not condition:
        raise CheckFailed(found)


class Report:
    """The checks of one case, in the order they were made."""

    def __init__(self) -> None:
        self.results: list[Result] = []

    @contextmanager
    def check(self, what: str) -> Iterator[None]:
        """Make a check: it fails by ValueError (every refusal of the domain is one), else it holds."""
        try:
            yield
        except NotInFile as error:
            self.not_checked(what, str(error))
        except ValueError as error:
            self.results.append(Result(Outcome.FAILS, what, str(error)))
        else:
            self.results.append(Result(Outcome.HOLDS, what, ""))

    def not_checked(self, what: str, why: str) -> None:
        """Note a check that could not be made."""
        self.results.append(Result(Outcome.NOT_CHECKED, what, why))

    def count(self, outcome: Outcome) -> int:
        """Return how many checks ended so."""
        return sum(result.outcome is outcome for result in self.results)

    @property
    def passed(self) -> bool:
        """Whether something was checked and nothing failed."""
        return self.count(Outcome.HOLDS) > 0 and self.count(Outcome.FAILS) == 0
