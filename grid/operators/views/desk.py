"""The operator's desk: load against forecast, prices, and whether everything moves."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse

from grid import clock
from grid.accounts import live_token
from grid.accounts.models import Zone
from grid.accounts.pages.context import DESK_ROLES
from grid.accounts.pages.responses import csv_file, page
from grid.accounts.permissions import person, role_zone, roles_required
from grid.accounts.queries import zones_with_role
from grid.domain.slots import SLOTS_PER_DAY, day_of, slot_of, slot_start
from grid.forecasts.models import Target
from grid.operators import charts
from grid.operators.queries import health, load, market
from grid.sentinel.queries import desk as sentinel

PAST_SLOTS = SLOTS_PER_DAY


@roles_required(*DESK_ROLES)
def desk(request: HttpRequest) -> HttpResponseBase:
    """The desk of the person's first zone."""
    zone = zones_with_role(person(request), DESK_ROLES).first()
    if zone is None:
        return render(request, "operators/no_zone.html", {"section": "desk"})
    return redirect("zone_desk", zone_id=zone.id)


@roles_required(*DESK_ROLES)
def zone_desk(request: HttpRequest, zone_id: UUID) -> HttpResponseBase:
    """One zone's desk."""
    zone = role_zone(request, zone_id, *DESK_ROLES)
    now = clock.now()
    context = {
        "section": "desk",
        "zone": zone,
        "zones": list(zones_with_role(person(request), DESK_ROLES)),
        "live_url": settings.LIVE_URL,
        "live_token": live_token.issue(user=person(request), zones=[zone.id]),
        "live_renew": reverse("live_token"),
        **_state(zone, now),
        **_charts(zone, now),
    }
    return page(request, "operators/desk.html", context, community=zone.community)


@roles_required(*DESK_ROLES)
def desk_part(request: HttpRequest, zone_id: UUID) -> HttpResponseBase:
    """The moving part of the desk, fetched again when there is news."""
    zone = role_zone(request, zone_id, *DESK_ROLES)
    now = clock.now()
    context = {"zone": zone, **_state(zone, now), **_charts(zone, now)}
    return page(request, "operators/parts/desk.html", context, community=zone.community)


@roles_required(*DESK_ROLES)
def forecast_csv(request: HttpRequest, zone_id: UUID, target: str) -> HttpResponseBase:
    """Quantiles and metered sums from a day ago to a day ahead, Wh per slot."""
    zone = role_zone(request, zone_id, *DESK_ROLES)
    if target not in Target.values:
        raise Http404
    kind, now = Target(target), clock.now()
    slots = _slots(now)
    expected = load.forecast(zone, kind, slots, now=now)
    actual = load.metered(zone, slots)
    head = ["slot", "start_utc", "p10_wh", "p50_wh", "p90_wh", "metered_wh"]
    rows = [
        (
            slot,
            slot_start(slot),
            *expected.get(slot, (None, None, None)),
            load.energy_of(actual[slot], kind) if slot in actual else None,
        )
        for slot in slots
    ]
    return csv_file(f"forecast-{target}.csv", head, rows)


@roles_required(*DESK_ROLES)
def prices_csv(request: HttpRequest, zone_id: UUID) -> HttpResponseBase:
    """Prices from a day ago to a day ahead, micro-currency per kWh, and cleared volume, Wh."""
    zone = role_zone(request, zone_id, *DESK_ROLES)
    slots = _slots(clock.now())
    curve = market.price_curve(zone, slots)
    head = ["slot", "start_utc", "signal", "cleared", "volume_wh", "import_price", "export_price"]
    columns = (curve.signal, curve.cleared, curve.volume, curve.import_price, curve.export_price)
    rows = [(slot, slot_start(slot), *(column.get(slot) for column in columns)) for slot in slots]
    return csv_file("prices.csv", head, rows)


@roles_required(*DESK_ROLES)
def quality(request: HttpRequest, zone_id: UUID) -> HttpResponseBase:
    """Scores of the last week's forecasts: a part of the desk, or a page of its own without a script."""
    zone = role_zone(request, zone_id, *DESK_ROLES)
    now = clock.now()
    closed = load.closed_until(zone) or slot_of(int(now.timestamp()))
    scores = [load.quality(zone, target, closed, now=now) for target in Target]
    template = "operators/parts/quality.html" if request.headers.get("HX-Request") else "operators/quality.html"
    context = {"section": "desk", "zone": zone, "quality": scores}
    return page(request, template, context, community=zone.community)


def _slots(now: datetime) -> range:
    """A day back and a day ahead."""
    slot = slot_of(int(now.timestamp()))
    return range(slot - PAST_SLOTS, slot + SLOTS_PER_DAY)


def _state(zone: Zone, now: datetime) -> dict[str, Any]:
    """The tiles and lists of the desk."""
    slot = slot_of(int(now.timestamp()))
    closed = load.closed_until(zone)
    newest = None if closed is None else load.metered(zone, range(closed - 1, closed)).get(closed - 1)
    meters = health.meters(zone, now=now)
    expected = load.forecast(zone, Target.IMPORT, range(slot, slot + SLOTS_PER_DAY), now=now)
    return {
        "now": now,
        "now_slot": slot,
        "load": newest,
        "feeder_permille": None
        if newest is None
        else load.permille_of_rating(zone, max(newest.feeder_import_wh, newest.feeder_export_wh)),
        "peak": load.next_peak(zone, expected),
        "traded_wh": market.traded_on(zone, day_of(slot)),
        "auctions": market.recent_auctions(zone),
        "log": health.log_health(),
        "outbox": health.outbox(now=now),
        "runs": list(health.runs(zone, limit=6)),
        "flags": sentinel.flags(zone, limit=6),
        "holds": len(sentinel.active_holds(zone, now=now)),
        "silent": [view for view in meters if view.state == "silent"],
    }


def _charts(zone: Zone, now: datetime) -> dict[str, Any]:
    slot = slot_of(int(now.timestamp()))
    slots = _slots(now)
    actual = load.metered(zone, slots)
    curve = market.price_curve(zone, slots)
    currency = zone.community.currency

    def chart_of(target: Target) -> Any:
        expected = load.forecast(zone, target, slots, now=now)
        run = load.latest_run(zone, target, now=now)
        url = reverse("desk_forecast_csv", args=[zone.id, target.value])
        return charts.forecast_chart(target, slots, slot, expected, actual, run, url)

    return {
        "demand_chart": lambda: chart_of(Target.IMPORT),
        "supply_chart": lambda: chart_of(Target.EXPORT),
        "price_chart": lambda: charts.price_chart(
            curve, slots, slot, currency, reverse("desk_prices_csv", args=[zone.id])
        ),
    }
