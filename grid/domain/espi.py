"""Green Button files: ESPI resources in an Atom feed, as NAESB REQ.21 lays them down.

One UsagePoint (the metering point), its LocalTimeParameters, and for import (flowDirection 1) and export (19)
one MeterReading with its ReadingType and an IntervalBlock for each UTC day. Seconds are UTC epoch seconds, energy
is Wh (uom 72, powerOfTenMultiplier 0), costs are left out. A missing slot has no IntervalReading: a value of
zero would be a lie, and readers trip over a reading without one.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from uuid import NAMESPACE_URL, UUID, uuid5
from xml.sax.saxutils import escape as _escape
from xml.sax.saxutils import quoteattr
from zoneinfo import ZoneInfo

from grid.domain.dst import local_time
from grid.domain.registers import Quality
from grid.domain.slots import SLOT_SECONDS, day_of

ATOM = "http://www.w3.org/2005/Atom"
ESPI = "http://naesb.org/espi"
MEDIA_TYPE = "application/atom+xml"

DELIVERED, RECEIVED = 1, 19
"""FlowDirectionKind: forward (the home draws), reverse (it feeds in)."""

WATT_HOURS = 72
DELTA_DATA = 4
ELECTRICITY_SECONDARY = 1
NORMAL = 12
ENERGY = 12
_ROOT = "/espi/1_1/resource"


@dataclass(frozen=True, slots=True)
class Slot:
    """The energy of one slot, Wh, with its ESPI quality code."""

    slot: int
    import_wh: int
    export_wh: int
    quality: int


@dataclass(frozen=True, slots=True)
class Feed:
    """What a file is about. `title` is the point's name as its reader knows it."""

    point: UUID
    title: str
    zone: ZoneInfo
    first_slot: int
    end_slot: int
    written_at: datetime
    has_export: bool = True


def write(feed: Feed, slots: Iterable[Slot]) -> Iterator[str]:
    """Yield the file piece by piece; `slots` come in order and are read once, so that any range fits in memory.

    Import and export of a day are written beside each other: only that day is held.
    """
    at = _instant(feed.written_at)
    yield _head(feed, at)
    directions = (DELIVERED, RECEIVED) if feed.has_export else (DELIVERED,)
    for direction in directions:
        yield _meter_reading(feed, direction, at)
        yield _reading_type(feed, direction, at)
    for day, found in groupby(slots, key=lambda each: day_of(each.slot)):
        rows = [row for row in found if row.quality != Quality.MISSING]
        if rows:
            for direction in directions:
                yield _block(feed, direction, day, rows, at)
    yield "</feed>\n"


def _head(feed: Feed, at: str) -> str:
    year = datetime.fromtimestamp(feed.first_slot * SLOT_SECONDS, UTC).year
    rules = local_time(feed.zone, year)
    up = _usage_point(feed)
    content = (
        "<LocalTimeParameters xmlns=" + quoteattr(ESPI) + ">"
        f"<dstEndRule>{rules.dst_end_rule:08X}</dstEndRule><dstOffset>{rules.dst_offset}</dstOffset>"
        f"<dstStartRule>{rules.dst_start_rule:08X}</dstStartRule><tzOffset>{rules.tz_offset}</tzOffset>"
        "</LocalTimeParameters>"
    )
    usage = (
        "<UsagePoint xmlns=" + quoteattr(ESPI) + "><ServiceCategory><kind>0</kind></ServiceCategory>"
        "<status>1</status></UsagePoint>"
    )
    related = [f"{up}/MeterReading", f"{_ROOT}/LocalTimeParameters/{feed.point}"]
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<feed xmlns={quoteattr(ATOM)}>\n"
        f"<id>{_id(feed, 'feed')}</id><title>{escape(feed.title)}</title><updated>{at}</updated>"
        f'<link rel="self" href={quoteattr(up)}/>\n'
        + _entry(feed, feed.title, up, f"{_ROOT}/UsagePoint", related, usage, at)
        + _entry(feed, "Local time", related[1], f"{_ROOT}/LocalTimeParameters", [], content, at)
    )


def _meter_reading(feed: Feed, direction: int, at: str) -> str:
    here = f"{_usage_point(feed)}/MeterReading/{direction}"
    related = [f"{here}/IntervalBlock", _type_link(direction)]
    content = f"<MeterReading xmlns={quoteattr(ESPI)}/>"
    return _entry(feed, _name(direction), here, f"{_usage_point(feed)}/MeterReading", related, content, at)


def _reading_type(feed: Feed, direction: int, at: str) -> str:
    fields = (
        ("accumulationBehaviour", DELTA_DATA),
        ("commodity", ELECTRICITY_SECONDARY),
        ("dataQualifier", NORMAL),
        ("defaultQuality", int(Quality.VALID)),
        ("flowDirection", direction),
        ("intervalLength", SLOT_SECONDS),
        ("kind", ENERGY),
        ("phase", 0),
        ("powerOfTenMultiplier", 0),
        ("timeAttribute", 0),
        ("uom", WATT_HOURS),
    )
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in fields)
    content = f"<ReadingType xmlns={quoteattr(ESPI)}>{inner}</ReadingType>"
    return _entry(feed, _name(direction), _type_link(direction), f"{_ROOT}/ReadingType", [], content, at)


def _block(feed: Feed, direction: int, day: int, rows: list[Slot], at: str) -> str:
    up = f"{_usage_point(feed)}/MeterReading/{direction}/IntervalBlock"
    first, last = rows[0].slot, rows[-1].slot
    readings = "".join(_reading(row, row.import_wh if direction == DELIVERED else row.export_wh) for row in rows)
    period = _period("interval", first, last + 1 - first)
    content = f"<IntervalBlock xmlns={quoteattr(ESPI)}>{period}{readings}</IntervalBlock>"
    return _entry(feed, f"{_name(direction)} {day}", f"{up}/{day}", up, [], content, at)


def _reading(row: Slot, wh: int) -> str:
    quality = f"<ReadingQuality><quality>{row.quality}</quality></ReadingQuality>"
    return f"<IntervalReading>{quality}{_period('timePeriod', row.slot, 1)}<value>{wh}</value></IntervalReading>"


def _period(name: str, slot: int, count: int) -> str:
    return f"<{name}><duration>{count * SLOT_SECONDS}</duration><start>{slot * SLOT_SECONDS}</start></{name}>"


def _entry(feed: Feed, title: str, here: str, up: str, related: list[str], content: str, at: str) -> str:
    links = [("self", here), ("up", up), *(("related", href) for href in related)]
    linked = "".join(f'<link rel="{rel}" href={quoteattr(href)}/>' for rel, href in links)
    return (
        f"<entry><id>{_id(feed, here)}</id>{linked}<title>{escape(title)}</title>"
        f"<content>{content}</content><published>{at}</published><updated>{at}</updated></entry>\n"
    )


def _usage_point(feed: Feed) -> str:
    return f"{_ROOT}/UsagePoint/{feed.point}"


def _type_link(direction: int) -> str:
    return f"{_ROOT}/ReadingType/{direction}"


def _name(direction: int) -> str:
    return "Energy drawn" if direction == DELIVERED else "Energy fed in"


def _id(feed: Feed, name: str) -> str:
    """The same resource has the same id in every file, as Atom asks."""
    return f"urn:uuid:{uuid5(NAMESPACE_URL, f'{feed.point}{name}')}"


def escape(text: str) -> str:
    """Return text for an element: what XML 1.0 cannot hold is left out."""
    kept = (c for c in text if c in "\t\n" or (c >= " " and not "\ud800" <= c <= "\udfff" and c not in "\ufffe\uffff"))
    return _escape("".join(kept))


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
