"""The log: its end, its checkpoints, and any entry with the proof that it is in."""

from django import forms
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from grid import clock
from grid.accounts.models import Community
from grid.accounts.pages.context import LOG_ROLES
from grid.accounts.pages.responses import page
from grid.accounts.permissions import person, roles_required
from grid.operators.queries import health
from grid.operators.queries.log import entry_view, kind_name, newest_entries

LAST_INDEX = 2**63 - 1


class SearchForm(forms.Form):
    """An entry by its number."""

    index = forms.IntegerField(
        min_value=0,
        max_value=LAST_INDEX,
        error_messages={
            "required": _("Give the number of an entry."),
            "invalid": _("The number of an entry is a whole number, such as 1024."),
            "min_value": _("The first entry has the number 0."),
            "max_value": _("No log is that long."),
        },
    )


@roles_required(*LOG_ROLES)
def log(request: HttpRequest) -> HttpResponseBase:
    """Search, the newest entries, the newest checkpoints."""
    form = SearchForm(request.GET if "index" in request.GET else None)
    if form.is_bound and form.is_valid():
        index = form.cleaned_data["index"]
        if index < health.log_health().size:
            return redirect("log_entry", index=index)
        form.add_error("index", _("The log is not that long yet."))
    context = {
        "section": "log",
        "form": form,
        "now": clock.now(),
        "log": health.log_health(),
        "entries": [(row, kind_name(row.kind)) for row in newest_entries()],
        "checkpoints": health.checkpoints(),
    }
    return page(request, "operators/log.html", context, community=_community(request))


@roles_required(*LOG_ROLES)
def log_entry(request: HttpRequest, index: int) -> HttpResponseBase:
    """One entry: its fields, as far as the reader may see them, and its audit path."""
    view = None if index > LAST_INDEX else entry_view(index, person(request))
    if view is None:
        raise Http404
    context = {
        "section": "log",
        "entry": view,
        "kind": kind_name(view.kind),
        "before": index - 1 if index else None,
        "after": index + 1 if index + 1 < health.log_health().size else None,
    }
    return page(request, "operators/entry.html", context, community=_community(request))


def _community(request: HttpRequest) -> Community:
    """The community whose local time the page speaks: that of the person's first role. Raises Http404."""
    community = Community.objects.filter(role_grants__user=person(request)).order_by("id").first()
    if community is None:
        raise Http404
    return community
