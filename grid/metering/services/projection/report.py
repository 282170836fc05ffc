"""What a look at the projection found."""

from dataclasses import dataclass, field
from typing import Any

NAMED = 20
"""Differences that are named; the others are counted."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that is not what the log and the envelopes say. `expected` or `found` is None where there is no row."""

    table: str
    key: str
    expected: Any
    found: Any

    def __str__(self) -> str:
        if self.found is None:
            return f"{self.table} {self.key}: missing, should be {self.expected}"
        if self.expected is None:
            return f"{self.table} {self.key}: {self.found}, should not be there"
        return f"{self.table} {self.key}: {self.found}, should be {self.expected}"


@dataclass(slots=True)
class Report:
    """Rows made from the log, how many differed, the first of them, and what is erased."""

    log_size: int = 0
    intervals: int = 0
    registers: int = 0
    zone_slots: int = 0
    erased_entries: int = 0
    erased_envelopes: int = 0
    differing: int = 0
    named: list[Difference] = field(default_factory=list)

    def note(self, difference: Difference) -> None:
        """Count a difference, and name it if it is among the first."""
        self.differing += 1
        if len(self.named) < NAMED:
            self.named.append(difference)
