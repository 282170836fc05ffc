"""Green Button files: valid by schema, read back by our own reader of the tables and by somebody else's."""

import io
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from uuid import UUID
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest
import xmlschema
from greenbutton_objects import parse
from hypothesis import given
from hypothesis import strategies as st

from grid.domain import espi
from grid.domain.dst import local_time
from grid.domain.espi import ATOM, ESPI, Feed, Slot
from grid.domain.slots import slot_of

SCHEMAS = Path(__file__).parents[1] / "schemas"
VIENNA = ZoneInfo("Europe/Vienna")
POINT = UUID(int=7)
WRITTEN = datetime(2026, 6, 17, 12, tzinfo=UTC)
AUTUMN = slot_of(int(datetime(2026, 10, 24, 22, tzinfo=UTC).timestamp()))
"""Vienna's 25 October 2026, which has 100 quarter hours."""


@cache
def schema() -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(SCHEMAS / "atom.xsd")


def written(slots: list[Slot], *, title: str = "Sonnengasse 12", has_export: bool = True) -> str:
    ends = (slots[0].slot, slots[-1].slot + 1) if slots else (AUTUMN, AUTUMN + 1)
    feed = Feed(POINT, title, VIENNA, *ends, written_at=WRITTEN, has_export=has_export)
    return "".join(espi.write(feed, iter(slots)))


def day() -> list[Slot]:
    qualities = {5: 9, 6: 10, 50: 7}
    return [Slot(AUTUMN + at, 100 + at, 2 * at, qualities.get(at, 0)) for at in range(100)]


def energies(text: str) -> dict[int, dict[int, tuple[int, int]]]:
    """Value and quality by start and flow direction, found through the links between the entries."""
    feed = ElementTree.fromstring(text)
    direction: dict[str, int] = {}
    found: dict[int, dict[int, tuple[int, int]]] = {}
    for entry in feed.iter(f"{{{ATOM}}}entry"):
        links = {(link.get("rel"), link.get("href")) for link in entry.iter(f"{{{ATOM}}}link")}
        kind = entry.find(f".//{{{ESPI}}}flowDirection")
        if kind is not None:
            direction[next(href for rel, href in links if rel == "self")] = int(kind.text)
    for entry in feed.iter(f"{{{ATOM}}}entry"):
        up = entry.find(f"{{{ATOM}}}link[@rel='up']").get("href")
        for reading in entry.iter(f"{{{ESPI}}}IntervalReading"):
            flow = int(up.split("/MeterReading/")[1].split("/")[0])
            assert flow in direction.values()
            start = int(reading.findtext(f"{{{ESPI}}}timePeriod/{{{ESPI}}}start"))
            quality = int(reading.findtext(f"{{{ESPI}}}ReadingQuality/{{{ESPI}}}quality"))
            found.setdefault(flow, {})[start] = (int(reading.findtext(f"{{{ESPI}}}value")), quality)
    return found


def test_a_day_is_valid_and_comes_back_as_it_was() -> None:
    text = written(day())
    schema().validate(text)
    kept = [slot for slot in day() if slot.quality != 10]
    assert energies(text) == {
        1: {slot.slot * 900: (slot.import_wh, slot.quality) for slot in kept},
        19: {slot.slot * 900: (slot.export_wh, slot.quality) for slot in kept},
    }


def test_a_reader_by_others_reads_the_same() -> None:
    (usage_point,) = parse.parse_feed(io.StringIO(written(day())))
    assert usage_point.title == "Sonnengasse 12"
    assert usage_point.serviceCategory.name == "electricity"
    by_flow = {reading.readingType.flowDirection.value: reading for reading in usage_point.meterReadings}
    assert by_flow.keys() == {1, 19}
    for flow, energy in ((1, lambda slot: slot.import_wh), (19, lambda slot: slot.export_wh)):
        reading = by_flow[flow]
        assert (reading.readingType.uom.name, reading.readingType.powerOfTenMultiplier) == ("wattHours", 0)
        assert [int(each.timePeriod.start.timestamp()) // 900 for each in reading.intervalReadings] == [
            slot.slot for slot in day() if slot.quality != 10
        ]
        assert [each.value for each in reading.intervalReadings] == [energy(s) for s in day() if s.quality != 10]
        qualities = [next(iter(each.readingQualities)).quality.value for each in reading.intervalReadings]
        assert qualities == [slot.quality for slot in day() if slot.quality != 10]


def test_a_missing_slot_is_a_gap_and_no_zero() -> None:
    starts = energies(written(day()))[1]
    assert (AUTUMN + 6) * 900 not in starts
    assert (AUTUMN + 5) * 900 in starts


@pytest.mark.parametrize("break_it", [
    lambda text: text.replace("<uom>72</uom>", "<uom>72</uom><uom>72</uom>"),
    lambda text: text.replace("<flowDirection>19<", "<flowDirection>2<"),
    lambda text: text.replace("<quality>9<", "<quality>3<"),
    lambda text: text.replace("<kind>12</kind>", ""). replace("<phase>0</phase>", "<phase>0</phase><kind>12</kind>"),
    lambda text: text.replace("<value>100</value>", "<value>1.5</value>"),
    lambda text: text.replace("<tzOffset>3600</tzOffset>", ""),
])  # fmt: skip
def test_the_schema_refuses_what_is_wrong(break_it) -> None:
    broken = break_it(written(day()))
    assert broken != written(day())
    assert not schema().is_valid(broken)


@given(
    st.lists(st.tuples(st.integers(0, 10**7), st.integers(0, 10**7), st.sampled_from([0, 7, 8, 9, 10])), max_size=12),
    st.text(max_size=20),
)
def test_whatever_was_metered_and_however_a_point_is_called(energy: list[tuple[int, int, int]], title: str) -> None:
    slots = [Slot(AUTUMN + 7 * at, *each) for at, each in enumerate(energy)]
    text = written(slots, title=title)
    schema().validate(text)
    kept = {slot.slot * 900: slot for slot in slots if slot.quality != 10}
    found = energies(text)
    assert {at: value for at, (value, _) in found.get(1, {}).items()} == {a: s.import_wh for a, s in kept.items()}
    assert {at: value for at, (value, _) in found.get(19, {}).items()} == {a: s.export_wh for a, s in kept.items()}


def test_a_point_that_only_draws_has_one_direction() -> None:
    text = written(day(), has_export=False)
    schema().validate(text)
    assert energies(text).keys() == {1}


def test_the_same_resource_has_the_same_id() -> None:
    one, other = written(day()), written(day()[:50])
    ids = [[each.text for each in ElementTree.fromstring(text).iter(f"{{{ATOM}}}id")] for text in (one, other)]
    assert len(set(ids[0])) == len(ids[0])
    assert ids[0] == ids[1]


@pytest.mark.parametrize(
    ("zone", "offset", "saving", "start", "end"),
    [
        ("Europe/Vienna", 3600, 3600, "3E0E2000", "AE0E3000"),
        ("America/New_York", -18_000, 3600, "360E2000", "B40E2000"),  # as in the standard's own example
        ("Australia/Sydney", 36_000, 3600, "A40E2000", "440E3000"),
        ("Asia/Kolkata", 19_800, 0, "00000000", "00000000"),
        ("UTC", 0, 0, "00000000", "00000000"),
    ],
)
def test_rules_of_daylight_saving(zone: str, offset: int, saving: int, start: str, end: str) -> None:
    rules = local_time(ZoneInfo(zone), 2026)
    assert (rules.tz_offset, rules.dst_offset) == (offset, saving)
    assert (f"{rules.dst_start_rule:08X}", f"{rules.dst_end_rule:08X}") == (start, end)
