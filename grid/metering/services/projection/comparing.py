"""Interval rows and zone sums held against what they should be, and put right, some slots at a time."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from grid.accounts.models import Zone
from grid.metering.models import MeteringPoint
from grid.metering.services.projection.report import Difference, Report
from grid.metering.services.projection.staging import TABLE, Progress

ROWS = 200_000
"""About how many interval rows are compared at once."""
_VALUES = "log_index, known_at, import_wh, export_wh, quality"
# A row beyond the log's size when the look began may be a newer one; a row that stands in the log must be it.
_DIFFERENT = f"""
    SELECT slot, point_id, version,
        s.log_index, s.known_at, s.import_wh, s.export_wh, s.quality,
        l.log_index, l.known_at, l.import_wh, l.export_wh, l.quality
    FROM (SELECT slot, point_id, version, {_VALUES} FROM {TABLE} WHERE slot >= %(first)s AND slot < %(after)s) s
    FULL JOIN (
        SELECT slot, point_id, version, {_VALUES} FROM metering_interval WHERE slot >= %(first)s AND slot < %(after)s
    ) l USING (slot, point_id, version)
    WHERE (s.log_index, s.known_at, s.import_wh, s.export_wh, s.quality)
        IS DISTINCT FROM (l.log_index, l.known_at, l.import_wh, l.export_wh, l.quality)
        AND NOT (s.log_index IS NULL AND l.log_index >= %(size)s)
    ORDER BY slot, point_id, version
"""
# A key may have been erased since its entries were staged, by a run that was stopped weeks ago even.
_FORGET_ERASED = f"""
    DELETE FROM {TABLE} s USING metering_meteringpoint p
    WHERE s.slot >= %s AND s.slot < %s AND p.number = s.point_id AND NOT EXISTS (
        SELECT FROM records_logkey k WHERE k.scope = p.id
            AND k.period = date_trunc('month', to_timestamp(s.slot::bigint * 900) AT TIME ZONE 'UTC')::date)
"""
_REMOVE = """
    DELETE FROM metering_interval i USING unnest(%s::int[], %s::int[], %s::int[]) w (slot, point_id, version)
    WHERE i.slot = w.slot AND i.point_id = w.point_id AND i.version = w.version
"""
_PUT_BACK = f"""
    INSERT INTO metering_interval (log_index, known_at, slot, point_id, import_wh, export_wh, version, quality)
    SELECT s.log_index, s.known_at, s.slot, s.point_id, s.import_wh, s.export_wh, s.version, s.quality
    FROM {TABLE} s JOIN unnest(%s::int[], %s::int[], %s::int[]) w (slot, point_id, version)
        USING (slot, point_id, version)
    ORDER BY s.slot, s.point_id, s.version
"""
_SUMS_DIFFERENT = """
    SELECT zone_id, slot, s::text, l::text
    FROM metering_zone_sums(%(zones)s, %(slots)s) s
    FULL JOIN (SELECT * FROM metering_zoneslot WHERE slot >= %(first)s AND slot < %(after)s) l USING (zone_id, slot)
    WHERE s IS DISTINCT FROM l ORDER BY slot, zone_id
"""


def slot_ranges() -> Iterator[range]:
    """Yield the slots of any interval or sum, in parts of about ROWS rows."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT min(first), max(last) FROM (SELECT min(slot) AS first, max(slot) AS last FROM {TABLE} UNION ALL"
            " SELECT min(slot), max(slot) FROM metering_interval UNION ALL"
            " SELECT min(slot), max(slot) FROM metering_zoneslot) s"
        )
        first, last = cursor.fetchone()
    if first is None:
        return
    step = max(1, min(96, ROWS // max(1, MeteringPoint.objects.count())))
    for start in range(first, last + 1, step):
        yield range(start, min(start + step, last + 1))


def intervals(report: Report, *, size: int, repair: bool, progress: Progress) -> None:
    """Compare the intervals with the staged ones; with `repair`, put them right, a transaction for each part."""
    points = dict(MeteringPoint.objects.values_list("number", "pk"))
    for slots in slot_ranges():
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_FORGET_ERASED, [slots.start, slots.stop])
            report.erased_entries += cursor.rowcount
            cursor.execute(_DIFFERENT, {"first": slots.start, "after": slots.stop, "size": size})
            rows = cursor.fetchall()
            for row in rows:
                report.note(_difference(row, points))
            if rows and repair:
                keys = [list(column) for column in zip(*(row[:3] for row in rows), strict=True)]
                cursor.execute(_REMOVE, keys)
                cursor.execute(_PUT_BACK, keys)
            cursor.execute(f"SELECT count(*) FROM {TABLE} WHERE slot >= %s AND slot < %s", [slots.start, slots.stop])
            report.intervals += cursor.fetchone()[0]
        progress("interval slots", slots.stop, slots.stop)


def zone_sums(report: Report, *, repair: bool, progress: Progress) -> None:
    """Compare the zones' sums with the intervals they stand for; with `repair`, count them again."""
    zones = list(Zone.objects.values_list("pk", flat=True))
    for slots in slot_ranges():
        parameters: dict[str, Any] = {"zones": zones, "slots": list(slots), "first": slots.start, "after": slots.stop}
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_SUMS_DIFFERENT, parameters)
            rows = cursor.fetchall()
            for zone, slot, expected, found in rows:
                report.note(Difference("zone sums", f"{zone} slot {slot}", expected, found))
            if rows and repair:
                cursor.execute("SELECT metering_recount_slots(%s, %s)", [[r[0] for r in rows], [r[1] for r in rows]])
            cursor.execute(
                "SELECT count(*) FROM metering_zoneslot WHERE slot >= %s AND slot < %s", [slots.start, slots.stop]
            )
            report.zone_slots += cursor.fetchone()[0]
        progress("zone slots", slots.stop, slots.stop)


def _difference(row: tuple[Any, ...], points: dict[int, UUID]) -> Difference:
    slot, point, version = row[:3]
    key = f"{points.get(point, point)} slot {slot} v{version}"
    return Difference("interval", key, _described(row[3:8]), _described(row[8:13]))


def _described(values: tuple[int | None, datetime, int, int, int]) -> str | None:
    index, known_at, import_wh, export_wh, quality = values
    if index is None:
        return None
    return f"{import_wh} Wh in, {export_wh} Wh out, quality {quality}, entry {index} of {known_at:%Y-%m-%d %H:%M:%S.%f}"
