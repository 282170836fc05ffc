"""Flags and holds as the operator sees them."""

from datetime import datetime

from grid.accounts.models import Zone
from grid.sentinel.models import Flag, Hold


def flags(zone: Zone, *, limit: int = 50) -> list[Flag]:
    """Return a zone's flags, newest first, with the holds they placed."""
    rows = zone.flags.select_related("point").prefetch_related("holds")
    return list(rows.order_by("-raised_at", "-id")[:limit])


def active_holds(zone: Zone, *, now: datetime) -> list[Hold]:
    """Return the holds of a zone that still keep a slot out of local settlement."""
    rows = Hold.objects.filter(point__zone=zone, released_at=None, ends_at__gt=now)
    return list(rows.select_related("point", "flag").order_by("slot", "point_id"))
