"""Case files: what a member hands to anyone who is to check a reading or a statement without us."""

import json
from datetime import date
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext

from grid.accounts.models import Community
from grid.accounts.pages.responses import page
from grid.accounts.permissions import own_account, person, signed_in
from grid.disputes import evidence
from grid.disputes.evidence import NotProvableYet
from grid.domain.slots import day_of_date
from grid.portal.queries.points import signed_records, viewable_point
from grid.portal.queries.statements import settled_day, statements_of
from grid.records.errors import Erased


@signed_in
def statement_case(request: HttpRequest, address: str, day: date) -> HttpResponseBase:
    """The case file of one day's statement (the first point's without `?point=`)."""
    account = own_account(request, address)
    settled = settled_day(account, day_of_date(day))
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
    return _download(case, f"commonwatt-statement-{day:%Y-%m-%d}.json")


@signed_in
def reading_case(request: HttpRequest, point_id: UUID, slot: int) -> HttpResponseBase:
    """The case file of the signed record that holds the registers at the end of a slot."""
    found = viewable_point(person(request), point_id)
    if found is None:
        raise Http404
    point, account = found
    envelope = signed_records(account, point, range(slot, slot + 1)).get(slot)
    if envelope is None:
        raise Http404
    try:
        case = evidence.reading_case(envelope=envelope)
    except NotProvableYet:
        return _not_yet(request, account.community)
    except Erased:
        return _erased(request, account.community)
    return _download(case, f"commonwatt-record-{envelope.meter.serial}-{envelope.counter}.json")


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
