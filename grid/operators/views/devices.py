"""One meter: keys, bindings, what happened, and what a person may do about it."""

from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from grid import clock
from grid.accounts.models import Account, Zone
from grid.accounts.pages.context import METER_ROLES
from grid.accounts.pages.responses import page
from grid.accounts.permissions import person, roles_required
from grid.accounts.queries import zones_with_role
from grid.domain.slots import DAY_SECONDS, day_of_date
from grid.metering.models import Envelope, Meter, MeteringPoint, PointKind
from grid.metering.services import bulk, key_changes, proposals
from grid.metering.services.registry import BindingTerms
from grid.operators.queries import fleet
from grid.operators.views.acting import Invalid, attempt, moment, number


@roles_required(*METER_ROLES)
def device(request: HttpRequest, meter_id: int) -> HttpResponseBase:
    """Everything about a meter; bindings also as they were known at a moment."""
    meter, zone = _meter(request, meter_id)
    return _show(request, meter, zone)


@roles_required(*METER_ROLES)
@require_POST
def end_device(request: HttpRequest, meter_id: int) -> HttpResponseBase:
    """Revoke a meter from a counter on, or decommission it."""
    meter, zone = _meter(request, meter_id)
    by, reason, now = person(request), request.POST.get("reason", ""), clock.now()
    if request.POST.get("step") == "decommission":
        _done, problem = attempt(lambda: key_changes.decommission(meter=meter, by=by, reason=reason, now=now))
        text = _("The meter is decommissioned.")
    else:
        _done, problem = attempt(
            lambda: key_changes.revoke(
                meter=meter, from_counter=number(request, "from_counter"), by=by, reason=reason, now=now
            )
        )
        text = _("The meter is revoked.")
    return _answer(request, meter, zone, problem, text)


@roles_required(*METER_ROLES)
@require_POST
def replace_key(request: HttpRequest, meter_id: int) -> HttpResponseBase:
    """Give a meter a new key when the old one is lost."""
    meter, zone = _meter(request, meter_id)

    def work() -> Any:
        suite = bulk.SUITES.get(request.POST.get("suite", "").lower())
        try:
            key = bytes.fromhex(request.POST.get("public_key", "").strip().removeprefix("0x"))
        except ValueError:
            key = b""
        if suite is None:
            raise Invalid(_("Choose P-256 or secp256k1."))
        return key_changes.replace(
            meter=meter,
            suite=suite,
            public_key=key,
            from_counter=number(request, "from_counter"),
            by=person(request),
            reason=request.POST.get("reason", ""),
            now=clock.now(),
        )

    _done, problem = attempt(work)
    return _answer(request, meter, zone, problem, _("The meter has a new key."))


@roles_required(*METER_ROLES)
@require_POST
def propose_binding(request: HttpRequest, meter_id: int) -> HttpResponseBase:
    """Propose a binding, or the exchange by which this meter follows another."""
    meter, zone = _meter(request, meter_id)
    made, problem = attempt(lambda: _propose(request, meter, zone))
    if not problem and made.state == "signed":
        return _answer(request, meter, zone, "", _("The feeder has this meter now."))
    return _answer(request, meter, zone, problem, _("The member can sign the binding now."))


def _propose(request: HttpRequest, meter: Meter, zone: Zone) -> Any:
    post = request.POST
    point = MeteringPoint.objects.filter(zone=zone, pk=_uuid(post.get("point", ""))).first()
    if point is None:
        raise Invalid(_("Choose a point."))
    account = None
    if point.kind != PointKind.FEEDER:
        account = Account.objects.filter(community=zone.community_id, address=post.get("account", "").lower()).first()
        if account is None:
            raise Invalid(_("Choose the member's account."))
    handover = _handover(request, zone) if post.get("exchange") else None
    try:
        first = day_of_date(date.fromisoformat(post.get("from_day", "")))
        to_day = day_of_date(date.fromisoformat(post["to_day"])) if post.get("to_day") else None
    except ValueError:
        if handover is None:
            raise Invalid(_("Give the first day as a date.")) from None
        first, to_day = 0, None
    terms = BindingTerms(
        point=point,
        meter=meter,
        account=account,
        from_day=handover.at // DAY_SECONDS if handover else first,
        to_day=to_day,
        reversed=bool(post.get("reversed")),
        multiplier_num=number(request, "multiplier_num", 1),
        multiplier_den=number(request, "multiplier_den", 1),
    )
    return proposals.propose(
        terms=terms,
        by=person(request),
        reason=post.get("reason", ""),
        correction=bool(post.get("correction")),
        handover=handover,
        now=clock.now(),
    )


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Invalid(_("Choose a point.")) from None


def _handover(request: HttpRequest, zone: Zone) -> proposals.Handover:
    at = moment(request.POST.get("at", ""), zone.community)
    if at is None:
        raise Invalid(_("Say when the meter was exchanged."))
    return proposals.Handover(
        at=int(at.timestamp()),
        old_import_wh=number(request, "old_import_wh"),
        old_export_wh=number(request, "old_export_wh", 0),
        new_import_wh=number(request, "new_import_wh"),
        new_export_wh=number(request, "new_export_wh", 0),
    )


def _meter(request: HttpRequest, meter_id: int) -> tuple[Meter, Zone]:
    found = fleet.meter_in(zones_with_role(person(request), METER_ROLES), meter_id) if meter_id < 2**63 else None
    if found is None:
        raise Http404
    return found


def _answer(request: HttpRequest, meter: Meter, zone: Zone, problem: str, text: str) -> HttpResponseBase:
    if problem:
        return _show(request, meter, zone, problem=problem)
    messages.success(request, text, "good")
    return redirect("meter_device", meter_id=meter.pk)


def _show(request: HttpRequest, meter: Meter, zone: Zone, *, problem: str = "") -> HttpResponseBase:
    known_at: datetime | None = moment(request.GET.get("known_at", ""), zone.community)
    members = MeteringPoint.objects.filter(zone=zone).order_by("name")
    context = {
        "section": "meters",
        "tab": "fleet",
        "zone": zone,
        "waiting": fleet.waiting(zone),
        "meter": meter,
        "keys": meter.keys.order_by("from_counter", "pk"),
        "bindings": fleet.bindings(meter, known_at=known_at),
        "known_at": known_at,
        "known_text": request.GET.get("known_at", ""),
        "proposals": meter.proposals.select_related("point", "account").order_by("-proposed_at")[:10],
        "events": meter.events.select_related("by").order_by("-pk"),
        "forks": Envelope.objects.filter(meter=meter, fork=True).order_by("-received_at")[:20],
        "points": members,
        "accounts": Account.objects.filter(community=zone.community_id).order_by("address"),
        "next_counter": meter.last_counter + 1,
        "today": clock.now().astimezone(ZoneInfo(zone.community.time_zone)).date(),
        "problem": problem,
        "form": request.POST if problem else {},
    }
    status = 422 if problem else 200
    return page(request, "operators/device.html", context, community=zone.community, status=status)
