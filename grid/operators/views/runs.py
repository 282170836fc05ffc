"""Settlement runs of a zone and how they stand on the chain."""

from uuid import UUID

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render

from grid import clock
from grid.accounts.pages.context import RUN_ROLES
from grid.accounts.pages.responses import csv_file, page
from grid.accounts.permissions import person, role_zone, roles_required
from grid.accounts.queries import zones_with_role
from grid.domain.slots import date_of_day
from grid.operators.queries import health


@roles_required(*RUN_ROLES)
def runs(request: HttpRequest) -> HttpResponseBase:
    """The runs of the person's first zone."""
    zone = zones_with_role(person(request), RUN_ROLES).first()
    if zone is None:
        return render(request, "operators/no_zone.html", {"section": "runs"})
    return redirect("zone_runs", zone_id=zone.id)


@roles_required(*RUN_ROLES)
def zone_runs(request: HttpRequest, zone_id: UUID) -> HttpResponseBase:
    """Runs, newest day first, with roots, transaction and state."""
    zone = role_zone(request, zone_id, *RUN_ROLES)
    context = {
        "section": "runs",
        "zone": zone,
        "zones": list(zones_with_role(person(request), RUN_ROLES)),
        "now": clock.now(),
        "runs": list(health.runs(zone)),
        "unposted": health.unposted_runs(zone),
        "log": health.log_health(),
        "outbox": health.outbox(now=clock.now()),
    }
    return page(request, "operators/runs.html", context, community=zone.community)


@roles_required(*RUN_ROLES)
def runs_csv(request: HttpRequest, zone_id: UUID) -> HttpResponseBase:
    """Runs as a table: Wh, token units, hex."""
    zone = role_zone(request, zone_id, *RUN_ROLES)
    head = ["date_utc", "sequence", "state", "points", "bought_wh", "sold_wh", "dust", "log_size", "points_root"]
    head += ["headers_root", "rows_root", "tx_hash", "gas_used", "posted_at_utc", "final_at_utc"]
    rows = [
        (
            date_of_day(run.day).isoformat(),
            run.sequence,
            run.state,
            run.point_count,
            run.bought_wh,
            run.sold_wh,
            run.dust,
            run.log_size,
            bytes(run.points_root).hex(),
            bytes(run.headers_root).hex(),
            bytes(run.rows_root).hex(),
            None if run.chain_tx is None else run.chain_tx.tx_hash,
            None if run.chain_tx is None else run.chain_tx.gas_used,
            run.posted_at,
            run.final_at,
        )
        for run in health.runs(zone, limit=1000)
    ]
    return csv_file("runs.csv", head, rows)
