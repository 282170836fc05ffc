"""Files of readings for any range, and what a third party or an operator may download."""

from datetime import date
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.cache import patch_cache_control

from grid import clock
from grid.accounts.models import Consent, DataSet
from grid.accounts.permissions import person, signed_in
from grid.accounts.queries import consents_received
from grid.domain import espi
from grid.metering.models import Binding
from grid.portal.exports import Export, clamp, csv_pieces, green_button_pieces, local_range, streamed
from grid.portal.noting import note
from grid.portal.queries.access import reachable_point
from grid.portal.queries.statements import SettledDay, settled_days

DAYS_SHOWN = 60
FORMATS = ("csv", "xml")


@signed_in
def readings_export(request: HttpRequest, point_id: UUID) -> HttpResponseBase:
    """`?first=2026-01-01&last=2026-01-31&format=csv` (or xml): local days, both included."""
    now = clock.now()
    user = person(request)
    reach = reachable_point(user, point_id, DataSet.INTERVALS, now=now)
    if reach is None:
        raise Http404
    kind = request.GET.get("format", "csv")
    first, last = _day(request, "first"), _day(request, "last")
    export = Export(reach, range(0))
    try:
        slots = local_range(first, last, export.zone)
    except ValueError:
        raise Http404 from None
    if kind not in FORMATS:
        raise Http404
    export = Export(reach, clamp(slots, reach, now=now))
    label = "CSV" if kind == "csv" else "Green Button"
    note(user, reach.grants, DataSet.INTERVALS, f"{label}, {first} to {last}", now=now)
    if kind == "csv":
        return streamed(export.name("csv"), "text/csv", csv_pieces(export))
    return streamed(export.name("xml"), espi.MEDIA_TYPE, green_button_pieces(export, now=now))


@signed_in
def shared(request: HttpRequest) -> HttpResponseBase:
    """What others let the person read, by account."""
    now = clock.now()
    accounts: dict[int, dict[str, Any]] = {}
    for consent in consents_received(person(request), now=now):
        entry = accounts.setdefault(
            consent.account_id, {"account": consent.account, "consents": [], "points": [], "days": []}
        )
        entry["consents"].append(consent)
        if consent.data_set == DataSet.INTERVALS and not entry["points"]:
            entry["points"] = _points(consent)
        if consent.data_set == DataSet.STATEMENTS:
            entry["days"] += [day for day in _days(consent) if day not in entry["days"]]
    context = {"section": "shared", "entries": list(accounts.values()), "today": now.date()}
    response = render(request, "portal/shared.html", context)
    patch_cache_control(response, private=True, no_store=True)
    return response


def _points(consent: Consent) -> list[Any]:
    found = Binding.objects.filter(account=consent.account).select_related("point").order_by("point__name", "-id")
    return list({binding.point_id: binding.point for binding in found}.values())


def _days(consent: Consent) -> list[SettledDay]:
    days = settled_days(consent.account, limit=DAYS_SHOWN)
    return [each for each in days if consent.covers_day(each.run.day)]


def _day(request: HttpRequest, name: str) -> date:
    try:
        day = date.fromisoformat(request.GET.get(name, ""))
    except ValueError:
        raise Http404 from None
    if not 2000 <= day.year <= 2100:
        raise Http404
    return day
