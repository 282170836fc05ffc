"""Settled days of an account: the money of each, and the 96 lines behind it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from grid.accounts.models import Account
from grid.domain.lines import Header, Line
from grid.domain.slots import date_of_day, slots_of_day
from grid.portal.queries.days import DaySum, summed
from grid.settlement.models import PointStatement, RunRow, SettlementRun
from grid.settlement.queries.statements import headers_of, lines_of


@dataclass(frozen=True)
class SettledDay:
    """An account's row of a run."""

    run: SettlementRun
    day_net: int

    @property
    def date(self) -> date:
        """The UTC calendar day."""
        return date_of_day(self.run.day)

    @property
    def first_slot(self) -> int:
        return slots_of_day(self.run.day).start

    @property
    def end_slot(self) -> int:
        return slots_of_day(self.run.day).stop


@dataclass(frozen=True)
class StatementLine:
    """One slot of a statement with its prices; `running_total` adds up to the day's net."""

    line: Line
    header: Header


@dataclass(frozen=True)
class StatementView:
    """One point's statement of a day, opened."""

    statement: PointStatement
    lines: list[StatementLine]
    sums: DaySum


def settled_days(account: Account, limit: int = 31, *, before: int | None = None) -> list[SettledDay]:
    """The account's newest days (before a UTC day), newest first; of a corrected day its latest run."""
    found = RunRow.objects.filter(account=account)
    rows = (
        (found if before is None else found.filter(run__day__lt=before))
        .select_related("run__zone__community", "run__checkpoint", "run__profile")
        .order_by("-run__day", "-run__sequence")[: 2 * limit]
    )
    days: dict[int, SettledDay] = {}
    for row in rows:
        days.setdefault(row.run.day, SettledDay(row.run, row.day_net))
    return list(days.values())[:limit]


def settled_day(account: Account, day: int) -> SettledDay | None:
    """The account's row of a day's latest run, or None when the day is not settled."""
    row = (
        RunRow.objects.filter(account=account, run__day=day)
        .select_related("run__zone__community", "run__checkpoint", "run__chain_tx")
        .order_by("-run__sequence")
        .first()
    )
    return None if row is None else SettledDay(row.run, row.day_net)


def statements_of(account: Account, run: SettlementRun) -> list[PointStatement]:
    """The account's point statements in a run."""
    rows = PointStatement.objects.filter(account=account, run=run)
    return list(rows.select_related("point", "run__zone").order_by("position"))


def opened(statement: PointStatement) -> StatementView:
    """Decrypt a statement's 96 lines and put each beside its header."""
    lines: Sequence[Line] = lines_of(statement)
    headers: Sequence[Header] = headers_of(statement.run)
    pairs = [StatementLine(line, header) for line, header in zip(lines, headers, strict=True)]
    sums = summed(statement.run.day, len(pairs), [(pair.line.energy, pair.header.rates) for pair in pairs])
    return StatementView(statement, pairs, sums)
