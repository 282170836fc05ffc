"""Readings as files: CSV and Green Button, for any range, written as they are read.

A file is streamed day by day and month by month of the database: a range of ten years takes no more memory than
one of a month. Which slots are in it is decided by `PointReach`, slot by slot.
"""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from typing import Any
from zoneinfo import ZoneInfo

from django.http import StreamingHttpResponse
from django.utils.cache import patch_cache_control

from grid.domain import espi
from grid.domain.registers import espi_quality
from grid.domain.slots import SLOTS_PER_DAY, local_day_slots, slot_of, slot_start
from grid.metering.models import Interval, Quality
from grid.portal.queries.access import PointReach

CHUNK = 31 * SLOTS_PER_DAY
CSV_HEAD = (
    "slot", "start_utc", "start_local", "utc_offset", "import_wh", "export_wh", "espi_quality", "quality",
    "version", "log_index", "known_at_utc",
)  # fmt: skip


@dataclass(frozen=True)
class Export:
    """What is exported: the readable slots of a point in a range, as known at a time (none: now)."""

    reach: PointReach
    slots: range
    known_at: datetime | None = None

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.reach.point.zone.community.time_zone)

    def name(self, suffix: str) -> str:
        """A file name that says the range and no more of the point than its number."""
        first, last = (
            slot_start(slot).astimezone(self.zone).date() for slot in (self.slots.start, self.slots.stop - 1)
        )
        return f"readings-{str(self.reach.point.id)[:8]}-{first}-{max(first, last)}.{suffix}"

    def rows(self) -> Iterator[Interval]:
        """The readable intervals by slot, a month at a time."""
        for start in range(self.slots.start, self.slots.stop, CHUNK):
            yield from self.reach.rows(start, min(start + CHUNK, self.slots.stop), known_at=self.known_at)


def local_range(first: date, last: date, zone: ZoneInfo) -> range:
    """The slots of local days, both included. Raises ValueError when the last day is before the first."""
    if last < first:
        raise ValueError("The last day is before the first one.")
    return range(local_day_slots(first, zone).start, local_day_slots(last, zone).stop)


def clamp(slots: range, reach: PointReach, *, now: datetime) -> range:
    """The part of a range in which the point can have readings: since it was first bound, until now."""
    start = max(slots.start, reach.first_slot)
    return range(start, max(start, min(slots.stop, slot_of(int(now.timestamp())))))


def csv_pieces(export: Export) -> Iterator[str]:
    """The CSV, line by line: UTC, local time and offset beside each other, so that no hour is said twice."""
    yield _line(CSV_HEAD)
    zone = export.zone
    for row in export.rows():
        start = slot_start(row.slot)
        local = start.astimezone(zone)
        yield _line(
            (
                row.slot,
                _utc(start),
                local.isoformat(),
                _offset(local),
                *((None, None) if row.quality == Quality.MISSING else (row.import_wh, row.export_wh)),
                espi_quality(row.quality),
                Quality(row.quality).name.lower() if row.quality in Quality.values else "other",
                row.version,
                row.log_index,
                _utc(row.known_at),
            )
        )


def green_button_pieces(export: Export, *, now: datetime) -> Iterator[str]:
    """The Green Button file, piece by piece."""
    point = export.reach.point
    feed = espi.Feed(
        point=point.id,
        title=point.name,
        zone=export.zone,
        first_slot=export.slots.start,
        end_slot=export.slots.stop,
        written_at=now,
    )
    found = (espi.Slot(row.slot, row.import_wh, row.export_wh, row.quality) for row in export.rows())
    return espi.write(feed, found)


def streamed(name: str, media_type: str, pieces: Iterable[str]) -> StreamingHttpResponse:
    """A download that is sent while it is made."""
    response = StreamingHttpResponse(pieces, content_type=f"{media_type}; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    patch_cache_control(response, private=True, no_store=True)
    return response


def _line(cells: Iterable[Any]) -> str:
    buffer = StringIO()
    csv.writer(buffer).writerow(["" if cell is None else cell for cell in cells])
    return buffer.getvalue()


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _offset(local: datetime) -> str:
    """The offset as +01:00."""
    seconds = int((local.utcoffset() or timedelta()).total_seconds())
    sign, minutes = ("-" if seconds < 0 else "+"), abs(seconds) // 60
    return f"{sign}{minutes // 60:02d}:{minutes % 60:02d}"
