"""Points and their readings, forecasts and files."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponseBase
from ninja import Query, Router

from grid import clock
from grid.accounts.models import DataSet, Scope, User
from grid.domain import espi
from grid.domain.slots import SLOT_SECONDS, slot_of, slot_start
from grid.forecasts.models import Target
from grid.portal.api.auth import caller
from grid.portal.api.paging import cursor_of, position_of
from grid.portal.api.problems import Problem, Refused
from grid.portal.api.schemas import (
    CaseFile,
    Cursor,
    Forecast,
    Instant,
    Intervals,
    Limit,
    Points,
    SlotNumber,
)
from grid.portal.casefiles import interval_case_file
from grid.portal.exports import Export, clamp, csv_pieces, green_button_pieces, streamed
from grid.portal.noting import note
from grid.portal.queries.access import PointReach, reachable_point, reachable_points
from grid.portal.queries.forecasts import forecast_of

router = Router(tags=["points"])

READ = {200: Points, 401: Problem, 403: Problem, 422: Problem}
PAGES = 64
FORECAST_SLOTS = 3 * 96
REFUSALS: dict[Any, Any] = {401: Problem, 403: Problem, 404: Problem, 422: Problem}


@router.get("/points", response={200: Points, **REFUSALS}, url_name="points", summary="Points you may read")
def points(request: HttpRequest, limit: Limit = 100, cursor: Cursor | None = None) -> Any:
    """Metering points whose readings the caller may read, by name."""
    user = caller(request, Scope.READ)
    found = reachable_points(user, now=clock.now())
    start = position_of(cursor, 0)
    page = found[start : start + limit]
    return {
        "items": [
            {
                "id": point.id,
                "name": point.name,
                "kind": point.kind,
                "zone": point.zone_id,
                "time_zone": point.zone.community.time_zone,
                "account": None if account is None else account.address,
            }
            for point, account in page
        ],
        "next_cursor": cursor_of(start + limit) if start + limit < len(found) else None,
    }


@router.get(
    "/points/{point_id}/intervals",
    response={200: Intervals, **REFUSALS},
    url_name="intervals",
    summary="Readings of a point",
)
def intervals(
    request: HttpRequest,
    point_id: UUID,
    start: Instant = Query(..., alias="from"),
    end: Instant = Query(..., alias="to", description="no longer included"),
    known_at: Instant | None = Query(None, description="leave out what was recorded later"),
    limit: Limit = 96,
    cursor: Cursor | None = None,
) -> Any:
    """Energy by quarter hour, oldest first. A page may be short or empty and still have a next one."""
    user = caller(request, Scope.READ)
    now = clock.now()
    reach = _reach(user, point_id, DataSet.INTERVALS)
    slots = clamp(_slots(start, end), reach, now=now)
    first = max(slots.start, position_of(cursor, slots.start))
    if cursor is None:
        note(user, reach.grants, DataSet.INTERVALS, f"readings {start:%Y-%m-%d} to {end:%Y-%m-%d}", now=now)
    items: list[dict[str, Any]] = []
    for _page in range(PAGES):
        if first >= slots.stop or len(items) >= limit:
            break
        after = min(slots.stop, first + limit - len(items))
        items += [_interval(row) for row in reach.rows(first, after, known_at=known_at)]
        first = after
    return {"items": items, "next_cursor": cursor_of(first) if first < slots.stop else None}


@router.get(
    "/points/{point_id}/intervals/{slot}/case-file",
    response={200: CaseFile, **REFUSALS, 409: Problem, 410: Problem, 500: Problem},
    url_name="interval-case",
    summary="Case file of one reading",
)
def interval_case(request: HttpRequest, point_id: UUID, slot: SlotNumber) -> Any:
    """Everything that proves the reading of a quarter hour, for `./watt verify`."""
    user = caller(request, Scope.CASES)
    now = clock.now()
    reach = _reach(user, point_id, DataSet.INTERVALS)
    case = interval_case_file(reach, slot)
    if case is None:
        raise Refused("not-found", f"Slot {slot} of this point has no reading that you may read.")
    note(user, reach.grants, DataSet.INTERVALS, f"case file of {slot_start(slot):%Y-%m-%d %H:%M} UTC", now=now)
    return case


@router.get(
    "/points/{point_id}/readings.csv",
    url_name="readings-csv",
    summary="Readings as CSV",
    response=REFUSALS,
    openapi_extra={"responses": {200: {"description": "CSV", "content": {"text/csv": {}}}}},
)
def readings_file(
    request: HttpRequest,
    point_id: UUID,
    start: Instant = Query(..., alias="from"),
    end: Instant = Query(..., alias="to"),
    known_at: Instant | None = None,
) -> HttpResponseBase:
    """Readings with UTC, local time and offset; see the portal's export."""
    export = _export(request, point_id, _slots(start, end), "CSV", known_at=known_at)
    return streamed(export.name("csv"), "text/csv", csv_pieces(export))


@router.get(
    "/points/{point_id}/green-button.xml",
    url_name="green-button",
    summary="Readings as Green Button (ESPI)",
    response=REFUSALS,
    openapi_extra={"responses": {200: {"description": "ESPI in Atom", "content": {espi.MEDIA_TYPE: {}}}}},
)
def green_button(
    request: HttpRequest,
    point_id: UUID,
    start: Instant = Query(..., alias="from"),
    end: Instant = Query(..., alias="to"),
) -> HttpResponseBase:
    """An Atom feed of NAESB ESPI resources: UsagePoint, LocalTimeParameters, MeterReading, IntervalBlock."""
    export = _export(request, point_id, _slots(start, end), "Green Button")
    return streamed(export.name("xml"), espi.MEDIA_TYPE, green_button_pieces(export, now=clock.now()))


@router.get(
    "/points/{point_id}/forecast",
    response={200: Forecast, **REFUSALS},
    url_name="forecast",
    summary="Forecast of a point",
)
def forecast(request: HttpRequest, point_id: UUID, target: Target, start: Instant = Query(..., alias="from")) -> Any:
    """The newest forecast of up to three days from a moment on."""
    user = caller(request, Scope.READ)
    now = clock.now()
    reach = _reach(user, point_id, DataSet.FORECASTS)
    first = slot_of(int(start.timestamp()))
    slots = range(first, first + FORECAST_SLOTS)
    note(user, reach.grants, DataSet.FORECASTS, f"forecast from {start:%Y-%m-%d}", now=now)
    found = forecast_of(reach.point, target, slots, now=now)
    return {
        "items": [
            {"slot": slot, "start": slot_start(slot), "p10_wh": row.p10, "p50_wh": row.p50, "p90_wh": row.p90}
            for slot, row in sorted(found.items())
            if reach.covers(slot)
        ]
    }


def _export(request: HttpRequest, point_id: UUID, slots: range, what: str, *, known_at: Any = None) -> Export:
    user = caller(request, Scope.READ)
    now = clock.now()
    reach = _reach(user, point_id, DataSet.INTERVALS)
    clamped = clamp(slots, reach, now=now)
    export = Export(reach, clamped, known_at)
    days = f"{slot_start(clamped.start):%Y-%m-%d} to {slot_start(clamped.stop):%Y-%m-%d}"
    note(user, reach.grants, DataSet.INTERVALS, f"{what}, {days}", now=now)
    return export


def _reach(user: User, point_id: UUID, data_set: DataSet) -> PointReach:
    found = reachable_point(user, point_id, data_set, now=clock.now())
    if found is None:
        raise Refused("not-found", "There is no such point, or you may not read it.")
    return found


def _slots(start: Any, end: Any) -> range:
    """The slots that begin in [start, end). Raises Refused when there can be none."""
    if end <= start:
        detail = "'to' must be after 'from'."
        raise Refused("bad-parameter", detail, [{"field": "to", "detail": detail}])
    return range(-(-int(start.timestamp()) // SLOT_SECONDS), -(-int(end.timestamp()) // SLOT_SECONDS))


def _interval(row: Any) -> dict[str, Any]:
    return {
        "slot": row.slot,
        "start": slot_start(row.slot),
        "import_wh": row.import_wh,
        "export_wh": row.export_wh,
        "quality": row.quality,
        "version": row.version,
        "log_index": row.log_index,
        "known_at": row.known_at,
    }
