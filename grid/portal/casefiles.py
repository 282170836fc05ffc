"""Case files of readings and statements, for pages and API alike."""

from typing import Any

from grid.disputes import evidence
from grid.domain.slots import SLOT_SECONDS, date_of_day
from grid.portal.queries.access import PointReach
from grid.settlement.models import PointStatement


def interval_case_file(reach: PointReach, slot: int) -> dict[str, Any] | None:
    """The case file of a slot's newest reading, or None when there is none to read.

    Raises as `evidence.interval_case`.
    """
    rows = reach.rows(slot, slot + 1)
    return evidence.interval_case(interval=rows[0]) if rows else None


def interval_file_name(reach: PointReach, slot: int) -> str:
    """A file name that says the moment and no more of the point than its number."""
    return f"commonwatt-reading-{str(reach.point.id)[:8]}-{slot * SLOT_SECONDS}.json"


def statement_file_name(statement: PointStatement) -> str:
    """The name of a statement's case file."""
    return f"commonwatt-statement-{date_of_day(statement.run.day):%Y-%m-%d}.json"
