"""What must hold after the day: money and energy conserved, the log anchored, case files that verify."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Sum

from grid.accounts.models import Zone
from grid.chain import queries as chain_queries
from grid.disputes import evidence
from grid.domain.slots import slots_of_day
from grid.forecasts import queries as forecast_queries
from grid.forecasts.models import ForecastRun, ForecastState
from grid.market.models import Auction, Fill, Side
from grid.metering.models import Interval
from grid.metering.queries.registers import reading_count
from grid.records import queries as records_queries
from grid.records.models import Checkpoint
from grid.settlement.models import PointStatement, RunRow, RunState, SettlementRun
from grid.settlement.queries.reconciliation import reconcile


def conservation_error(zone: Zone) -> int:
    """Units of money and energy that are anywhere they should not be; 0 in a sound platform.

    Escrow holds exactly what it owes; the rows of each run sum to zero, and moved on chain what they say; each
    auction sold what it bought.
    """
    escrow = chain_queries.contract_address("Escrow")
    held, owed = chain_queries.call_many([("DemoToken", "balanceOf", [escrow]), ("Escrow", "totalLiabilities", [])])
    error = abs(held - owed)
    for run in SettlementRun.objects.filter(zone=zone):
        error += abs(RunRow.objects.filter(run=run).aggregate(total=Sum("day_net"))["total"])
        error += abs(run.bought_wh - run.sold_wh)
        error += sum(not row.agrees for row in reconcile(run))
    filled = Fill.objects.filter(auction__zone=zone)
    bought, sold = (
        filled.filter(order__side=side).aggregate(total=Sum("quantity_wh"))["total"] or 0
        for side in (Side.BUY, Side.SELL)
    )
    return error + abs(bought - sold)


@dataclass(frozen=True)
class Verified:
    """What the offline verifier said of the case files it was given."""

    ok: bool
    files: int
    checks: int
    failures: list[str]


def verify_day(zone: Zone, day: int, folder: Path) -> Verified:
    """Build a case file for every statement of the day and one of its readings; run the verifier on each.

    The verifier runs as a process of its own without database settings, and asks only the chain.
    """
    folder.mkdir(parents=True, exist_ok=True)
    cases: list[tuple[str, dict[str, Any]]] = []
    statements = list(PointStatement.objects.filter(run__zone=zone, run__day=day).select_related("point", "run"))
    for statement in statements:
        cases.append((f"statement-{statement.position}", evidence.statement_case(statement=statement)))
    interval = Interval.objects.filter(point__id=statements[0].point_id, slot=slots_of_day(day).stop - 1).latest(
        "version"
    )
    cases.append(("reading", evidence.interval_case(interval=interval)))
    failures: list[str] = []
    checks = 0
    for name, case in cases:
        file = folder / f"{name}.json"
        file.write_text(json.dumps(case))
        command = [
            sys.executable,
            "-m",
            "grid.verifier",
            str(file),
            "--rpc",
            settings.CHAIN_URL.split(",")[0].strip(),
            "--json",
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        report = json.loads(done.stdout)
        checks += report["held"]
        failures += [f"{name}: {failure}" for failure in report["failures"]]
        if done.returncode and not report["failures"]:
            failures.append(f"{name}: exit code {done.returncode}")
    return Verified(ok=bool(cases) and not failures, files=len(cases), checks=checks, failures=failures)


def figures(zone: Zone, day: int) -> dict[str, Any]:
    """The counts of the report, read from the database and the chain."""
    runs = SettlementRun.objects.filter(zone=zone)
    moved = RunRow.objects.filter(run__zone=zone, run__state__in=[RunState.POSTED, RunState.FINAL], day_net__gt=0)
    held = Auction.objects.standing().filter(zone=zone)
    slots = slots_of_day(day)
    played = held.filter(slot__gte=slots.start, slot__lt=slots.stop)
    done = ForecastRun.objects.filter(zone=zone, state=ForecastState.DONE)
    mase = forecast_queries.zone_mase(zone=zone, day=day)
    return {
        "readings_accepted": reading_count(),
        "log_size": records_queries.log_size(),
        "checkpoints_anchored": Checkpoint.objects.filter(anchored_at__isnull=False).count(),
        "forecasts": done.count(),
        "forecast_fallbacks": done.exclude(fallback_reason="").count(),
        "forecast_mase": mase,
        "auctions": held.count(),
        "auctions_of_the_day": played.count(),
        "wh_traded": held.aggregate(total=Sum("volume_wh"))["total"] or 0,
        "wh_traded_on_the_day": played.aggregate(total=Sum("volume_wh"))["total"] or 0,
        "runs_posted": runs.filter(state__in=[RunState.POSTED, RunState.FINAL]).count(),
        "runs_final": runs.filter(state=RunState.FINAL).count(),
        "token_units_moved": moved.aggregate(total=Sum("day_net"))["total"] or 0,
    }
