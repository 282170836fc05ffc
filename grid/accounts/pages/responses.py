"""Answers every page gives: HTML in the community's local time, CSV, downloads."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_cache_control

from grid.accounts.models import Community

_FORMULA_STARTS = ("=", "+", "@", "\t", "\r")


def page(
    request: HttpRequest, template: str, context: dict[str, Any], *, community: Community, status: int = 200
) -> HttpResponse:
    """Render a page of a community: its local time, its currency, never cached by others."""
    with timezone.override(ZoneInfo(community.time_zone)):
        response = render(
            request,
            template,
            {"community": community, "currency": community.currency, **context},
            status=status,
        )
    patch_cache_control(response, private=True, no_store=True)
    return response


def csv_file(name: str, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> HttpResponse:
    """Return a CSV download: integers in base units, instants in UTC (RFC 4180, RFC 3339).

    Text that a spreadsheet would run as a formula gets an apostrophe before it.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(head)
    writer.writerows([_cell(value) for value in row] for row in rows)
    response = HttpResponse(buffer.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    patch_cache_control(response, private=True, no_store=True)
    return response


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        return f"'{value}"
    return "" if value is None else value
