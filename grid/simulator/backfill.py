"""Sending history: everything that is due up to a moment, with a progress bar for people."""

import time

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from grid.simulator.client import Outcome
from grid.simulator.street import Street


def run(street: Street, *, to_unix: int, console: Console) -> Outcome:
    """Send all readings that are due up to `to_unix` in many-slot records, and say how fast that went."""
    due = street.slots_due(to_unix)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    started = time.monotonic()
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(f"Sending {due:,} signed slot readings", total=due or 1)
        outcome = street.advance(to_unix, progress=lambda slots: progress.advance(task, slots))
    seconds = max(time.monotonic() - started, 1e-9)
    console.print(
        f"{outcome.readings:,} readings in {outcome.accepted:,} records accepted, {outcome.duplicates} known before,"
        f" {len(outcome.problems)} refused; {outcome.readings / seconds:,.0f} readings/s",
        soft_wrap=True,
    )
    for problem in outcome.problems[:10]:
        console.print(f"refused: {problem.get('title')}: {problem.get('detail')}", style="red", soft_wrap=True)
    return outcome
