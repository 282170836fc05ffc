"""The meter fleet of a zone and what the sentinel says about it."""

from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render

from grid import clock
from grid.accounts.pages.context import METER_ROLES
from grid.accounts.pages.responses import csv_file, page
from grid.accounts.permissions import person, role_zone, roles_required
from grid.accounts.queries import zones_with_role
from grid.operators.queries import fleet, health
from grid.sentinel.queries import desk as sentinel


@roles_required(*METER_ROLES)
def meters(request: HttpRequest) -> HttpResponseBase:
    """The fleet of the person's first zone."""
    zone = zones_with_role(person(request), METER_ROLES).first()
    if zone is None:
        return render(request, "operators/no_zone.html", {"section": "meters"})
    return redirect("zone_meters", zone_id=zone.id)


@roles_required(*METER_ROLES)
def zone_meters(request: HttpRequest, zone_id: UUID) -> HttpResponseBase:
    """Every meter with its state, silent ones first, and the newest flags."""
    zone = role_zone(request, zone_id, *METER_ROLES)
    now = clock.now()
    text, state = request.GET.get("q", "")[:64], request.GET.get("state", "")
    fleet_views = health.meters(zone, now=now)
    found = fleet.matching(fleet_views, text=text, state=state)
    context = {
        "section": "meters",
        "tab": "fleet",
        "zone": zone,
        "waiting": fleet.waiting(zone),
        "q": text,
        "state": state,
        "count": len(fleet_views),
        "found": len(found),
        "zones": list(zones_with_role(person(request), METER_ROLES)),
        "now": now,
        "meters": Paginator(found, fleet.PAGE).get_page(request.GET.get("page")),
        "flags": sentinel.flags(zone, limit=50),
        "holds": len(sentinel.active_holds(zone, now=now)),
    }
    return page(request, "operators/meters.html", context, community=zone.community)


@roles_required(*METER_ROLES)
def meters_csv(request: HttpRequest, zone_id: UUID) -> HttpResponseBase:
    """The fleet as a table."""
    zone = role_zone(request, zone_id, *METER_ROLES)
    head = ["point", "point_name", "meter_serial", "state", "last_seen_at_utc", "last_counter", "flags_7_days"]
    rows = [
        (
            str(view.binding.point_id),
            view.binding.point.name,
            view.binding.meter.serial,
            view.state,
            view.binding.meter.last_seen_at,
            view.binding.meter.last_counter,
            view.flags,
        )
        for view in health.meters(zone, now=clock.now())
    ]
    return csv_file("meters.csv", head, rows)


@roles_required(*METER_ROLES)
def flags_csv(request: HttpRequest, zone_id: UUID) -> HttpResponseBase:
    """The newest 1,000 flags."""
    zone = role_zone(request, zone_id, *METER_ROLES)
    head = ["raised_at_utc", "rule", "point", "slot", "holds", "log_index"]
    rows = [
        (flag.raised_at, flag.rule, str(flag.point_id or ""), flag.slot, len(flag.holds.all()), flag.log_index)
        for flag in sentinel.flags(zone, limit=1000)
    ]
    return csv_file("flags.csv", head, rows)
