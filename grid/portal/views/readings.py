"""Metering points and their readings, by local calendar day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from grid import clock
from grid.accounts.models import Account
from grid.accounts.pages.responses import csv_file, page
from grid.accounts.permissions import own_account, person, signed_in
from grid.accounts.queries import accounts_of
from grid.domain.registers import espi_quality
from grid.domain.slots import day_of, local_day_slots, slot_start
from grid.metering.models import Interval, MeteringPoint
from grid.portal.charts import day_chart
from grid.portal.queries.points import (
    last_closed_slot,
    open_proposals,
    own_intervals,
    point_views,
    viewable_point,
)
from grid.portal.queries.proofs import Proof, anchored_size
from grid.settlement.models import SettlementRun


@dataclass(frozen=True)
class Reading:
    """A slot's newest interval and how far it is proven."""

    slot: int
    interval: Interval
    proof: Proof


@signed_in
def points(request: HttpRequest) -> HttpResponseBase:
    """The metering points of the person's first account."""
    account = accounts_of(person(request)).first()
    if account is None:
        raise Http404
    return redirect("account_points", address=account.address)


@signed_in
def account_points(request: HttpRequest, address: str) -> HttpResponseBase:
    """Metering points with meter, key and health."""
    account = own_account(request, address)
    context = {
        "section": "points",
        "account": account,
        "views": point_views(account, now=clock.now()),
        "proposals": open_proposals(account),
    }
    return page(request, "portal/points.html", context, community=account.community)


@signed_in
def latest_readings(request: HttpRequest, point_id: UUID) -> HttpResponseBase:
    """The newest local day with readings."""
    point, _ = _own_point(request, point_id)
    last = last_closed_slot(point)
    at = clock.now() if last is None else slot_start(last)
    return redirect("readings", point_id=point.id, day=at.astimezone(_zone_info(point)).date())


@signed_in
def readings(request: HttpRequest, point_id: UUID, day: date) -> HttpResponseBase:
    """One local day of readings: 96 quarter hours, 92 or 100 where the clocks change."""
    point, account = _own_point(request, point_id)
    slots = _slots(point, day)
    rows = own_intervals(account, point, slots)
    last = last_closed_slot(point)
    newest = None if last is None else slot_start(last).astimezone(_zone_info(point)).date()
    context = {
        "section": "points",
        "account": account,
        "point": point,
        "day": day,
        "before": day - timedelta(days=1),
        "after": day + timedelta(days=1) if newest is not None and day < newest else None,
        "readings": list(reversed(_proven(point, slots, rows))),
        "chart": lambda: day_chart(slots, rows, reverse("readings_csv", args=[point.id, day])),
    }
    return page(request, "portal/readings.html", context, community=account.community)


@signed_in
def readings_csv(request: HttpRequest, point_id: UUID, day: date) -> HttpResponseBase:
    """One local day of readings, Wh per slot."""
    point, account = _own_point(request, point_id)
    rows = own_intervals(account, point, _slots(point, day))
    head = ["slot", "start_utc", "import_wh", "export_wh", "espi_quality", "version", "log_index", "known_at_utc"]
    lines = [
        (
            slot,
            slot_start(slot),
            row.import_wh,
            row.export_wh,
            espi_quality(row.quality),
            row.version,
            row.log_index,
            row.known_at,
        )
        for slot, row in sorted(rows.items())
    ]
    return csv_file(f"readings-{day:%Y-%m-%d}.csv", head, lines)


def _own_point(request: HttpRequest, point_id: UUID) -> tuple[MeteringPoint, Account]:
    found = viewable_point(person(request), point_id)
    if found is None:
        raise Http404
    return found


def _zone_info(point: MeteringPoint) -> ZoneInfo:
    return ZoneInfo(point.zone.community.time_zone)


def _slots(point: MeteringPoint, day: date) -> range:
    """The slots of a local day. Raises Http404 for a date no calendar of ours reaches."""
    if not 2000 <= day.year <= 2100:
        raise Http404
    return local_day_slots(day, _zone_info(point))


def _proven(point: MeteringPoint, slots: range, metered: Mapping[int, Interval]) -> list[Reading]:
    """Every slot that has an interval, with its proof."""
    anchored = anchored_size()
    days = {day_of(slot) for slot in slots}
    runs = {run.day: run for run in SettlementRun.objects.filter(zone=point.zone_id, day__in=days).order_by("sequence")}
    return [
        Reading(slot, row, Proof(True, row.log_index < anchored, None, runs.get(day_of(slot))))
        for slot, row in sorted(metered.items())
    ]
