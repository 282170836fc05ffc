"""Meters that come in: claim codes, approvals, bindings that wait, and CSV files."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from grid import clock
from grid.accounts.models import Zone
from grid.accounts.pages.context import METER_ROLES
from grid.accounts.pages.responses import csv_file, page
from grid.accounts.permissions import person, role_zone, roles_required
from grid.accounts.queries import zones_with_role
from grid.metering.models import Application, BindingProposal, BulkUpload
from grid.metering.services import bulk, claims, proposals
from grid.operators.queries import fleet
from grid.operators.views.acting import attempt


@roles_required(*METER_ROLES)
def approvals(request: HttpRequest, zone_id: UUID) -> HttpResponseBase:
    """What waits: applications, registered meters without a point, bindings without a signature."""
    return _show(request, role_zone(request, zone_id, *METER_ROLES))


@roles_required(*METER_ROLES)
@require_POST
def issue_code(request: HttpRequest, zone_id: UUID) -> HttpResponseBase:
    """Make a claim code; it is shown on the answer and never again."""
    zone = role_zone(request, zone_id, *METER_ROLES)
    made, problem = attempt(
        lambda: claims.issue(zone=zone, by=person(request), note=request.POST.get("note", ""), now=clock.now())
    )
    code = None if made is None else {"text": made[1], "expires_at": made[0].expires_at}
    return _show(request, zone, code=code, problem=problem)


@roles_required(*METER_ROLES)
@require_POST
def decide(request: HttpRequest, application_id: UUID) -> HttpResponseBase:
    """Approve an application, or refuse it with a reason."""
    application = get_object_or_404(Application.objects.select_related("zone"), pk=application_id)
    zone = role_zone(request, application.zone_id, *METER_ROLES)
    by, now = person(request), clock.now()
    if request.POST.get("decision") == "approve":
        _meter, problem = attempt(lambda: claims.approve(application=application, by=by, now=now))
        text = _("The meter is registered. It needs a point next.")
    else:
        reason = request.POST.get("reason", "")
        _meter, problem = attempt(lambda: claims.refuse(application=application, by=by, reason=reason, now=now))
        text = _("The application is refused.")
    if problem:
        return _show(request, zone, problem=problem, refused=application.pk)
    messages.success(request, text, "good")
    return redirect("meter_approvals", zone_id=zone.pk)


@roles_required(*METER_ROLES)
@require_POST
def withdraw_proposal(request: HttpRequest, proposal_id: UUID) -> HttpResponseBase:
    """Take back a binding that the member has not signed."""
    proposal = get_object_or_404(BindingProposal.objects.select_related("point"), pk=proposal_id)
    zone = role_zone(request, proposal.point.zone_id, *METER_ROLES)
    _made, problem = attempt(lambda: proposals.withdraw(proposal=proposal, by=person(request), now=clock.now()))
    if problem:
        return _show(request, zone, problem=problem)
    messages.success(request, _("The proposal is withdrawn."), "good")
    return redirect("meter_approvals", zone_id=zone.pk)


@roles_required(*METER_ROLES)
def upload(request: HttpRequest, zone_id: UUID) -> HttpResponseBase:
    """Try a CSV file."""
    zone = role_zone(request, zone_id, *METER_ROLES)
    problem = ""
    if request.method == "POST":
        file = request.FILES.get("file")
        if file is None or file.size is None:
            problem = _("Choose a file.")
        else:
            content = file.read(bulk.MAX_BYTES + 1)
            whole = request.POST.get("mode", "all") == "all"
            made, problem = attempt(
                lambda: bulk.upload(
                    zone=zone,
                    name=file.name or "",
                    content=content,
                    all_or_nothing=whole,
                    by=person(request),
                    now=clock.now(),
                )
            )
            if not problem:
                return redirect("meter_upload_report", upload_id=made.pk)
    context = _context(request, zone, "upload") | {
        "problem": problem,
        "uploads": BulkUpload.objects.filter(zone=zone)
        .select_related("by")
        .defer("text", "report")
        .order_by("-at")[:20],
        "needed": bulk.NEEDED,
        "optional": bulk.OPTIONAL,
    }
    status = 422 if problem else 200
    return page(request, "operators/upload.html", context, community=zone.community, status=status)


@roles_required(*METER_ROLES)
def upload_report(request: HttpRequest, upload_id: UUID) -> HttpResponseBase:
    """What becomes of each row; POST registers them."""
    found = _upload(request, upload_id)
    problem = ""
    if request.method == "POST":
        _made, problem = attempt(lambda: bulk.apply(upload=found, by=person(request), now=clock.now()))
        if not problem:
            messages.success(request, _("The file is applied."), "good")
            return redirect("meter_upload_report", upload_id=found.pk)
    counts: dict[str, int] = dict.fromkeys(("new", "known", "error", "skipped"), 0)
    for row in found.report:
        counts[row["status"]] += 1
    context = _context(request, found.zone, "upload") | {
        "upload": found,
        "rows": sorted(found.report, key=lambda row: (row["status"] != "error", row["line"]))[:500],
        "counts": counts,
        "problem": problem,
        "can_apply": found.applied_at is None and counts["new"] > 0,
    }
    status = 422 if problem else 200
    return page(request, "operators/upload_report.html", context, community=found.zone.community, status=status)


@roles_required(*METER_ROLES)
def upload_csv(request: HttpRequest, upload_id: UUID) -> HttpResponseBase:
    """The report as a table."""
    found = _upload(request, upload_id)
    rows = [(row["line"], row["serial"], row["status"], row["message"]) for row in found.report]
    return csv_file("upload-report.csv", ["line", "serial", "status", "message"], rows)


def _upload(request: HttpRequest, upload_id: UUID) -> BulkUpload:
    found = BulkUpload.objects.select_related("zone__community", "by").filter(pk=upload_id).first()
    if found is None:
        raise Http404
    role_zone(request, found.zone_id, *METER_ROLES)
    return found


def _context(request: HttpRequest, zone: Zone, tab: str) -> dict[str, Any]:
    return {
        "section": "meters",
        "tab": tab,
        "zone": zone,
        "zones": list(zones_with_role(person(request), METER_ROLES)),
        "waiting": fleet.waiting(zone),
    }


def _show(
    request: HttpRequest,
    zone: Zone,
    *,
    code: dict[str, Any] | None = None,
    problem: str = "",
    refused: UUID | None = None,
) -> HttpResponseBase:
    context = _context(request, zone, "approvals") | {
        "applications": list(fleet.pending(zone)),
        "decided": list(fleet.decided(zone)),
        "unbound": list(fleet.unbound(zone)),
        "proposals": list(fleet.proposals(zone)),
        "open_codes": fleet.open_codes(zone, now=clock.now()),
        "code": code,
        "problem": problem,
        "refused": refused,
    }
    status = 422 if problem else 200
    return page(request, "operators/approvals.html", context, community=zone.community, status=status)
