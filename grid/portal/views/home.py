"""The home page: now, today, what comes next, and the money on chain."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse

from grid import clock
from grid.accounts import live_token
from grid.accounts.models import Account, Zone
from grid.accounts.pages.context import DESK_ROLES, LOG_ROLES, METER_ROLES, RUN_ROLES, SHARED_ROLES
from grid.accounts.pages.responses import csv_file, page
from grid.accounts.permissions import own_account, person, signed_in
from grid.accounts.queries import accounts_of, may_act, roles_of
from grid.domain.slots import SLOTS_PER_DAY, day_of, slot_of, slot_start
from grid.forecasts.models import Target
from grid.metering.models import MeteringPoint
from grid.portal import charts, story
from grid.portal.forms import WithdrawalForm
from grid.portal.queries.balances import balance_of
from grid.portal.queries.days import day_so_far
from grid.portal.queries.fills import recent_fills, traded_in
from grid.portal.queries.forecasts import forecast_of
from grid.portal.queries.points import last_closed_slot, own_intervals, present_points
from grid.portal.queries.prices import reason, slot_prices
from grid.portal.queries.proofs import anchored_size
from grid.portal.queries.statements import settled_days
from grid.portal.signers import is_managed

PAST_SLOTS = 48
PAST_PRICES = 8


@signed_in
def home(request: HttpRequest) -> HttpResponseBase:
    """The first account of the person; who has none is sent to the pages of their role."""
    account = accounts_of(person(request)).first()
    if account is not None:
        return show_home(request, account)
    roles = roles_of(person(request))
    places = (("desk", DESK_ROLES), ("meters", METER_ROLES), ("runs", RUN_ROLES), ("log", LOG_ROLES))
    for name, allowed in (*places, ("shared", SHARED_ROLES)):
        if roles.intersection(allowed):
            return redirect(name)
    return render(request, "portal/nothing.html", {"section": "home"})


@signed_in
def account_home(request: HttpRequest, address: str) -> HttpResponseBase:
    """One of several accounts."""
    return show_home(request, own_account(request, address))


@signed_in
def account_part(request: HttpRequest, address: str, part: str) -> HttpResponseBase:
    """A part of the home page that fetches itself again when there is news."""
    account = own_account(request, address)
    now = clock.now()
    points = present_points(account, now=now)
    build = PARTS.get(part)
    if build is None:
        raise Http404
    context = build(request, account, points, now)
    context |= {"account": account, "points": points}
    return page(request, f"portal/parts/{part}.html", context, community=account.community)


@signed_in
def prices_csv(request: HttpRequest, address: str) -> HttpResponseBase:
    """Prices from two hours ago on, 26 hours, micro-currency per kWh."""
    account = own_account(request, address)
    now = clock.now()
    zone = _zone_of(present_points(account, now=now))
    slot = slot_of(int(now.timestamp())) - PAST_PRICES
    prices = slot_prices(zone, slot, slot + PAST_PRICES + SLOTS_PER_DAY) if zone else {}
    head = ["slot", "start_utc", "signal", "cleared", "import_price", "export_price", "fee_price"]
    rows = [
        (at, slot_start(at), row.signal, row.cleared, row.import_price, row.export_price, row.fee_price)
        for at, row in prices.items()
    ]
    return csv_file("prices.csv", head, rows)


@signed_in
def outlook_csv(request: HttpRequest, address: str) -> HttpResponseBase:
    """The own forecast with what was metered, Wh per slot."""
    account = own_account(request, address)
    now = clock.now()
    points = present_points(account, now=now)
    slot = slot_of(int(now.timestamp()))
    slots = range(slot - PAST_SLOTS, slot + SLOTS_PER_DAY)
    head = ["slot", "start_utc", "import_wh", "export_wh"]
    head += [f"{target}_{quantile}_wh" for target in ("import", "export") for quantile in ("p10", "p50", "p90")]
    rows: list[Sequence[Any]] = []
    if points:
        real = own_intervals(account, points[0], slots)
        draw = forecast_of(points[0], Target.IMPORT, slots, now=now)
        feed = forecast_of(points[0], Target.EXPORT, slots, now=now)
        empty = (None, None, None)
        rows = [
            (
                at,
                slot_start(at),
                real[at].import_wh if at in real else None,
                real[at].export_wh if at in real else None,
                *draw.get(at, empty),
                *feed.get(at, empty),
            )
            for at in slots
        ]
    return csv_file("forecast.csv", head, rows)


def show_home(
    request: HttpRequest, account: Account, *, form: WithdrawalForm | None = None, status: int = 200
) -> HttpResponse:
    """The whole page; `form` is a withdrawal that was refused."""
    now = clock.now()
    points = present_points(account, now=now)
    zones = {point.zone_id for point in points}
    context: dict[str, Any] = {
        "section": "home",
        "account": account,
        "accounts": list(accounts_of(person(request))),
        "points": points,
        "live_url": settings.LIVE_URL,
        "live_token": live_token.issue(user=person(request), zones=zones),
        "live_renew": reverse("live_token"),
    }
    for build in PARTS.values():
        context |= build(request, account, points, now)
    if form is not None:
        context["withdrawal_form"] = form
    return page(request, "portal/home.html", context, community=account.community, status=status)


def _zone_of(points: Sequence[MeteringPoint]) -> Zone | None:
    """The zone whose price the page shows: that of the first point."""
    return points[0].zone if points else None


def _now(request: HttpRequest, account: Account, points: Sequence[MeteringPoint], now: datetime) -> dict[str, Any]:
    """The slot in delivery, the last one metered, and the day so far."""
    zone = _zone_of(points)
    if zone is None:
        return {"now_slot": None}
    slot = slot_of(int(now.timestamp()))
    closed = max((last for point in points if (last := last_closed_slot(point)) is not None), default=None)
    newest = range(0) if closed is None else range(closed, closed + 1)
    readings = [row for point in points for row in own_intervals(account, point, newest).values()]
    bought, sold = traded_in(account, slot)
    today = day_so_far(zone, [point for point in points if point.zone_id == zone.id], day_of(slot))
    price = slot_prices(zone, slot, slot + 1)[slot]
    currency = account.community.currency
    return {
        "zone": zone,
        "now_slot": slot,
        "closed_slot": closed,
        "draw_wh": sum(row.import_wh for row in readings) if readings else None,
        "feed_wh": sum(row.export_wh for row in readings) if readings else None,
        "bought_wh": bought,
        "sold_wh": sold,
        "price_now": price,
        "why": story.why_price(reason(zone, slot)),
        "today": today,
        "headline": story.headline(today),
        "sentences": story.sentences(today, currency),
    }


def _fills(request: HttpRequest, account: Account, points: Sequence[MeteringPoint], now: datetime) -> dict[str, Any]:
    slot = slot_of(int(now.timestamp()))
    fills = recent_fills(account, slot_now=slot, anchored=anchored_size())
    return {"fills": fills, "any_void": any(fill.void for fill in fills)}


def _charts(request: HttpRequest, account: Account, points: Sequence[MeteringPoint], now: datetime) -> dict[str, Any]:
    zone = _zone_of(points)
    if zone is None:
        return {}
    slot = slot_of(int(now.timestamp()))
    currency = account.community.currency
    prices = slot_prices(zone, slot - PAST_PRICES, slot + SLOTS_PER_DAY)
    slots = range(slot - PAST_SLOTS, slot + SLOTS_PER_DAY)
    return {
        "price_chart": lambda: charts.price_chart(
            prices, slot, currency, reverse("prices_csv", args=[account.address])
        ),
        "outlook_chart": lambda: charts.outlook_chart(
            slots,
            slot,
            own_intervals(account, points[0], slots),
            forecast_of(points[0], Target.IMPORT, slots, now=now),
            forecast_of(points[0], Target.EXPORT, slots, now=now),
            reverse("outlook_csv", args=[account.address]),
        ),
    }


def _money(request: HttpRequest, account: Account, points: Sequence[MeteringPoint], now: datetime) -> dict[str, Any]:
    may_withdraw = is_managed(account) and may_act(account, person(request))
    return {
        "balance": balance_of(account),
        "days": settled_days(account, limit=5),
        "withdrawal_form": WithdrawalForm() if may_withdraw else None,
    }


PARTS = {"now": _now, "fills": _fills, "charts": _charts, "money": _money}
"""The parts of the page that fetch themselves again, by the name of their template."""
