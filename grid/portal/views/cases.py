"""Case files: what a member hands to anyone who is to check a reading or a statement without us."""

import json
from datetime import date
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext

from grid import clock
from grid.accounts.models import Community, DataSet
from grid.accounts.pages.responses import page
from grid.accounts.permissions import person, signed_in
from grid.disputes import evidence
from grid.disputes.evidence import NotProvableYet
from grid.domain.slots import day_of_date, slot_start
from grid.portal.casefiles import interval_case_file, interval_file_name, statement_file_name
from grid.portal.noting import note
from grid.portal.queries.access import reachable_account, reachable_point
from grid.portal.queries.statements import settled_day, statements_of
from grid.records.errors import Erased

LAST_SLOT = 2**32


@signed_in
def statement_case(request: HttpRequest, address: str, day: date) -> HttpResponseBase:
    """The case file of one day's statement (the first point's without `?point=`)."""
    user, number, now = person(request), day_of_date(day), clock.now()
    found = reachable_account(user, address, DataSet.STATEMENTS, now=now)
    if found is None:
        raise Http404
    account, grants = found[0], [grant for grant in found[1] if grant.covers_day(number)]
    settled = settled_day(account, number) if grants else None
    wanted = request.GET.get("point")
    rows = [] if settled is None else statements_of(account, settled.run)
    chosen = next((row for row in rows if wanted is None or str(row.point_id) == wanted), None)
    if chosen is None:
        raise Http404
    try:
        case = evidence.statement_case(statement=chosen)
    except NotProvableYet:
        return _not_yet(request, account.community)
    except Erased:
        return _erased(request, account.community)
    note(user, grants, DataSet.STATEMENTS, f"case file of {day}", now=now)
    return _download(case, statement_file_name(chosen))


@signed_in
def reading_case(request: HttpRequest, point_id: UUID, slot: int) -> HttpResponseBase:
    """The case file of a slot's newest reading."""
    user, now = person(request), clock.now()
    reach = reachable_point(user, point_id, DataSet.INTERVALS, now=now) if slot < LAST_SLOT else None
    if reach is None:
        raise Http404
    community = reach.point.zone.community
    try:
        case = interval_case_file(reach, slot)
    except NotProvableYet:
        return _not_yet(request, community)
    except Erased:
        return _erased(request, community)
    if case is None:
        raise Http404
    note(user, reach.grants, DataSet.INTERVALS, f"case file of {slot_start(slot):%Y-%m-%d %H:%M} UTC", now=now)
    return _download(case, interval_file_name(reach, slot))


def _download(case: dict[str, Any], name: str) -> HttpResponse:
    response = HttpResponse(json.dumps(case, indent=1), content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store, private"
    return response


def _not_yet(request: HttpRequest, community: Community) -> HttpResponse:
    context = {
        "title": gettext("Not provable yet"),
        "text": gettext("The log's next fingerprint has to reach the chain first; that takes minutes. Try again then."),
    }
    return page(request, "portal/no_case.html", context, community=community, status=409)


def _erased(request: HttpRequest, community: Community) -> HttpResponse:
    context = {
        "title": gettext("Erased"),
        "text": gettext("The key of this data was erased, and with it what the case file would hold."),
    }
    return page(request, "portal/no_case.html", context, community=community, status=410)
