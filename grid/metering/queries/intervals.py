"""Energy per point and slot: the newest version, or the one that was known at some time."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import BooleanField, QuerySet
from django.db.models.expressions import RawSQL

from grid.accounts.models import Zone
from grid.domain.registers import Quality
from grid.metering.models import Interval, MeteringPoint, PointKind

# Points by number, as an array that is made once and then sought in the index; a join would be sought from its rows.
_OF_POINTS = """
    metering_interval.point_id = ANY (ARRAY(SELECT number FROM metering_meteringpoint WHERE id = ANY (%s::uuid[])))
"""


def intervals(
    *, points: Collection[UUID], from_slot: int, to_slot: int, known_at: datetime | None = None
) -> QuerySet[Interval]:
    """Return the intervals of points in [from_slot, to_slot), one version each, by slot and point.

    `known_at` leaves out what was recorded later. A row's `point_id` is the point's number.
    """
    theirs = RawSQL(_OF_POINTS, [list(points)], output_field=BooleanField())
    rows = Interval.objects.filter(theirs, slot__gte=from_slot, slot__lt=to_slot)
    if known_at is not None:
        rows = rows.filter(known_at__lte=known_at)
    return rows.order_by("slot", "point_id", "-version").distinct("slot", "point_id")


def interval_versions(interval: Interval) -> list[Interval]:
    """Return the versions of an interval up to itself, the first one first."""
    found = Interval.objects.filter(point__number=interval.point_id, slot=interval.slot, version__lte=interval.version)
    return list(found.order_by("version"))


class SlotTotal(NamedTuple):
    """A zone's energy in one slot, Wh, and how many member points are not VALID in it."""

    slot: int
    import_wh: int
    export_wh: int
    feeder_import_wh: int
    feeder_export_wh: int
    members: int
    estimated: int
    missing: int


_SUMMED = """
    SELECT slot, import_wh, export_wh, feeder_import_wh, feeder_export_wh, members, estimated, missing
    FROM metering_zoneslot
    WHERE zone_id = %(zone)s AND slot >= %(first)s AND slot < %(after)s AND known_at <= %(known)s
    ORDER BY slot
"""
# Slots that were written to after `known`: only their rows still tell what was known then.
_SINCE_CHANGED = """
    SELECT slot,
        coalesce(sum(import_wh) FILTER (WHERE kind = %(member)s), 0)::bigint,
        coalesce(sum(export_wh) FILTER (WHERE kind = %(member)s), 0)::bigint,
        coalesce(sum(import_wh) FILTER (WHERE kind = %(feeder)s), 0)::bigint,
        coalesce(sum(export_wh) FILTER (WHERE kind = %(feeder)s), 0)::bigint,
        count(*) FILTER (WHERE kind = %(member)s),
        count(*) FILTER (WHERE kind = %(member)s AND quality NOT IN (%(valid)s, %(missing)s)),
        count(*) FILTER (WHERE kind = %(member)s AND quality = %(missing)s)
    FROM (
        SELECT DISTINCT ON (i.slot, i.point_id) i.slot, i.import_wh, i.export_wh, i.quality, p.kind
        FROM metering_zoneslot z
            JOIN metering_meteringpoint p ON p.zone_id = z.zone_id
            JOIN metering_interval i ON i.slot = z.slot AND i.point_id = p.number
        WHERE z.zone_id = %(zone)s AND z.slot >= %(first)s AND z.slot < %(after)s AND z.known_at > %(known)s
            AND i.known_at <= %(known)s
        ORDER BY i.slot, i.point_id, i.version DESC
    ) newest GROUP BY slot
"""


def energy_by_slot(*, zone: Zone, from_slot: int, to_slot: int, known_at: datetime | None = None) -> list[SlotTotal]:
    """Return the totals of a zone's members and its feeder in [from_slot, to_slot), closed slots only."""
    parameters: dict[str, Any] = {
        "zone": zone.pk,
        "first": from_slot,
        "after": to_slot,
        "known": known_at or "infinity",
        "member": PointKind.MEMBER.value,
        "feeder": PointKind.FEEDER.value,
        "valid": int(Quality.VALID),
        "missing": int(Quality.MISSING),
    }
    with connection.cursor() as cursor:
        cursor.execute(_SUMMED, parameters)
        rows = cursor.fetchall()
        if known_at is not None:
            cursor.execute(_SINCE_CHANGED, parameters)
            rows = sorted(rows + cursor.fetchall())
    return [SlotTotal(*values) for values in rows]


_SPANS = """
    SELECT f.slot, l.slot FROM metering_meteringpoint p
    CROSS JOIN LATERAL ({} ORDER BY i.slot LIMIT 1) f CROSS JOIN LATERAL ({} ORDER BY i.slot DESC LIMIT 1) l
    WHERE p.zone_id = %(zone)s AND p.kind = %(member)s
"""
_MEASURED = """
    SELECT i.slot FROM metering_interval i
    WHERE i.point_id = p.number AND i.slot >= %(first)s AND i.slot < %(after)s AND i.quality <> %(missing)s
        AND NOT EXISTS (
            SELECT FROM metering_interval n
            WHERE n.slot = i.slot AND n.point_id = i.point_id AND n.version > i.version)
"""


def measured_spans(*, zone: Zone, from_slot: int, to_slot: int) -> list[tuple[int, int]]:
    """Return the first and the last slot of [from_slot, to_slot) with a value, for each member that has one."""
    parameters: dict[str, Any] = {
        "zone": zone.pk,
        "first": from_slot,
        "after": to_slot,
        "member": PointKind.MEMBER.value,
        "missing": int(Quality.MISSING),
    }
    with connection.cursor() as cursor:
        cursor.execute(_SPANS.format(_MEASURED, _MEASURED), parameters)
        return list(cursor.fetchall())


def zone_points(zone: Zone) -> QuerySet[MeteringPoint]:
    """Return the registered points of a zone, members and feeder, by number: the order of the interval table."""
    return MeteringPoint.objects.filter(zone=zone).order_by("number")
