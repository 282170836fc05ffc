"""What a device reads about one record, by whichever way it was sent."""

from typing import Any

from grid.metering.problems import PROBLEMS
from grid.metering.services import ItemResult


def result_document(result: ItemResult) -> dict[str, Any]:
    """Return status, receipt and problem (RFC 9457) of a record, ready for JSON."""
    answer: dict[str, Any] = {"status": result.status}
    if result.receipt is not None:
        answer |= {"receipt": result.receipt, "readings": result.readings, "stored": result.stored}
    if result.dropped:
        answer["dropped"] = result.dropped
    if result.refusal is not None:
        refusal = result.refusal
        problem = PROBLEMS[refusal.code].document(refusal.code, str(refusal))
        answer["problem"] = problem | {"field": refusal.field, "remedy": refusal.remedy}
    return answer
