"""Runs, their rows, and how they stand on the chain."""

from collections.abc import Sequence

from grid.chain import queries as chain_queries
from grid.chain.models import ChainEvent
from grid.domain.rows import Row
from grid.domain.signers import address_bytes
from grid.settlement.models import SettlementRun


def rows_of(run: SettlementRun) -> list[Row]:
    """Return a run's rows in posting order."""
    return [Row(address_bytes(row.address), row.day_net) for row in run.rows.order_by("position")]


def posted_events(runs: Sequence[SettlementRun]) -> dict[int, ChainEvent]:
    """Return the RunPosted event of each run that has one, by the run's primary key."""
    if not runs:
        return {}
    days = sorted({run.day for run in runs})
    found = {
        (event.args["zone"], event.args["day"], event.args["sequence"]): event
        for event in chain_queries.events("Settlement", "RunPosted").filter(args__day__in=days)
    }
    keys = {run.pk: ("0x" + run.zone.word.hex(), run.day, run.sequence) for run in runs}
    return {pk: found[key] for pk, key in keys.items() if key in found}
