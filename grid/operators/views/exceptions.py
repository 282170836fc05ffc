"""Validation and editing: the queue, a point's slots with all versions, and the page on which values are written."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from grid import clock
from grid.accounts.pages.context import METER_ROLES
from grid.accounts.pages.responses import page
from grid.accounts.permissions import person, role_zone, roles_required
from grid.accounts.queries import zones_with_role
from grid.domain.slots import local_day_slots, slot_start
from grid.domain.vee import Method
from grid.metering.models import ExceptionState, MeteringPoint, SlotException
from grid.metering.services.vee import editing, validation
from grid.operators.queries import fleet
from grid.operators.views.acting import Invalid, attempt, moment, number


@roles_required(*METER_ROLES)
def exceptions(request: HttpRequest, zone_id: UUID) -> HttpResponseBase:
    """The queue of what broke a rule, by state."""
    zone = role_zone(request, zone_id, *METER_ROLES)
    state = request.GET.get("state", "")
    state = state if state in ExceptionState.values else ExceptionState.OPEN.value
    found = Paginator(fleet.exceptions(zone, state=state), fleet.PAGE)
    context = {
        "section": "meters",
        "tab": "exceptions",
        "zone": zone,
        "zones": list(zones_with_role(person(request), METER_ROLES)),
        "waiting": fleet.waiting(zone),
        "rows": found.get_page(request.GET.get("page")),
        "state": state,
        "tz": ZoneInfo(zone.community.time_zone),
    }
    return page(request, "operators/exceptions.html", context, community=zone.community)


@roles_required(*METER_ROLES)
@require_POST
def accept_exception(request: HttpRequest, exception_id: int) -> HttpResponseBase:
    """Leave slots as they are, with a reason."""
    found = get_object_or_404(SlotException.objects.select_related("point__zone"), pk=exception_id)
    zone = role_zone(request, found.point.zone_id, *METER_ROLES)
    _done, problem = attempt(
        lambda: validation.accept(
            exception=found, by=person(request), reason=request.POST.get("reason", ""), now=clock.now()
        )
    )
    if problem:
        messages.error(request, problem, "bad")
    else:
        messages.success(request, _("The slots stay as they are."), "good")
    return redirect("meter_exceptions", zone_id=zone.pk)


@roles_required(*METER_ROLES)
def latest_versions(request: HttpRequest, point_id: UUID) -> HttpResponseBase:
    """The point's slots of today, or of the day of a slot."""
    point = _point(request, point_id)
    text = request.GET.get("slot", "")
    at = slot_start(int(text)) if text.isascii() and text.isdigit() and len(text) < 9 else clock.now()
    day = at.astimezone(ZoneInfo(point.zone.community.time_zone)).date()
    return redirect("point_versions", point_id=point.pk, day=day)


@roles_required(*METER_ROLES)
def point_versions(request: HttpRequest, point_id: UUID, day: date) -> HttpResponseBase:
    """A local day of a point, every version of every slot, as it was known at a moment."""
    point = _point(request, point_id)
    slots = _day(point, day)
    known_at = moment(request.GET.get("known_at", ""), point.zone.community)
    found = fleet.versions(point, slots, known_at=known_at)
    context = {
        "section": "meters",
        "tab": "exceptions",
        "zone": point.zone,
        "waiting": fleet.waiting(point.zone),
        "point": point,
        "day": day,
        "before": day - timedelta(days=1),
        "after": day + timedelta(days=1),
        "slots": slots,
        "versions": found,
        "closed": sum(each.newest for each in found),
        "known_at": known_at,
        "known_text": request.GET.get("known_at", ""),
    }
    return page(request, "operators/versions.html", context, community=point.zone.community)


@roles_required(*METER_ROLES)
def edit_slots(request: HttpRequest, point_id: UUID, first: int, last: int) -> HttpResponseBase:
    """Substitute values for slots in a row: what stands there, what is suggested, and a form to write others."""
    point = _point(request, point_id)
    slots = range(first, last + 1)
    suggestion, trouble = attempt(lambda: editing.suggest(point=point, slots=slots))
    if trouble:
        raise Http404
    problem = ""
    if request.method == "POST":
        _made, problem = attempt(lambda: _edit(request, point, slots, suggestion))
        if not problem:
            messages.success(request, _("Written as a new version. The versions before are kept."), "good")
            return redirect(f"{reverse('latest_versions', args=[point.pk])}?slot={first}")
    estimate = suggestion.estimate
    rows = [
        {
            "slot": slot,
            "before": suggestion.before[slot],
            "estimate": estimate.values[at] if estimate else None,
            "import_wh": request.POST.get(f"import_{slot}", str(suggestion.before[slot].import_wh)),
            "export_wh": request.POST.get(f"export_{slot}", str(suggestion.before[slot].export_wh)),
        }
        for at, slot in enumerate(slots)
    ]
    context = {
        "section": "meters",
        "tab": "exceptions",
        "zone": point.zone,
        "waiting": fleet.waiting(point.zone),
        "point": point,
        "first": first,
        "last": last,
        "rows": rows,
        "suggestion": suggestion,
        "problem": problem,
        "reason": request.POST.get("reason", ""),
    }
    status = 422 if problem else 200
    return page(request, "operators/edit_slots.html", context, community=point.zone.community, status=status)


def _edit(request: HttpRequest, point: MeteringPoint, slots: range, suggestion: editing.Suggestion) -> Any:
    by, reason, now = person(request), request.POST.get("reason", ""), clock.now()
    step = request.POST.get("step", "")
    if step == "undo":
        return editing.undo(point=point, slots=slots, by=by, reason=reason, now=now)
    if step == "suggestion":
        if suggestion.estimate is None:
            raise Invalid(_("There is nothing to estimate from."))
        values = dict(zip(slots, suggestion.estimate.values, strict=True))
        method = suggestion.estimate.method
    else:
        values = {slot: (number(request, f"import_{slot}"), number(request, f"export_{slot}")) for slot in slots}
        method = Method.TYPED
    return editing.edit(point=point, values=values, method=method, by=by, reason=reason, now=now)


def _point(request: HttpRequest, point_id: UUID) -> MeteringPoint:
    found = get_object_or_404(MeteringPoint.objects.select_related("zone__community"), pk=point_id)
    role_zone(request, found.zone_id, *METER_ROLES)
    return found


def _day(point: MeteringPoint, day: date) -> range:
    if not 2000 <= day.year <= 2100:
        raise Http404
    return local_day_slots(day, ZoneInfo(point.zone.community.time_zone))
