"""What a device is told when something is wrong: the address in a problem document leads here (RFC 9457)."""

from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from grid.metering.problems import PROBLEMS as DEVICE_PROBLEMS
from grid.portal.api.problems import API_PROBLEMS

PROBLEMS = {**API_PROBLEMS, **DEVICE_PROBLEMS}


@dataclass(frozen=True)
class Problem:
    """A stable code, what it means, and what to do."""

    code: str
    title: str
    remedy: str


def index(request: HttpRequest) -> HttpResponse:
    """Every code."""
    problems = [Problem(code, kind.title, kind.remedy) for code, kind in sorted(PROBLEMS.items())]
    return render(request, "portal/problems.html", {"problems": problems})


def problem(request: HttpRequest, code: str) -> HttpResponse:
    """One code."""
    kind = PROBLEMS.get(code)
    if kind is None:
        raise Http404
    return render(request, "portal/problem.html", {"problem": Problem(code, kind.title, kind.remedy)})
