from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from grid.domain import slots

VIENNA = ZoneInfo("Europe/Vienna")


def test_a_slot_holds_its_start_and_not_its_end():
    assert [slots.slot_of(unix) for unix in (0, 899, 900, 901)] == [0, 0, 1, 1]


def test_a_day_has_96_slots_that_start_at_midnight_utc():
    day = slots.day_of_date(date(2026, 3, 29))
    span = slots.slots_of_day(day)
    assert len(span) == 96
    assert slots.slot_start(span[0]) == datetime(2026, 3, 29, tzinfo=UTC)
    assert slots.slot_start(span[95]) == datetime(2026, 3, 29, 23, 45, tzinfo=UTC)
    assert {slots.day_of(slot) for slot in span} == {day}
    assert slots.day_of(span[95] + 1) == day + 1


def test_day_numbers_go_to_dates_and_back():
    assert slots.day_of_date(date(1970, 1, 1)) == 0
    assert slots.date_of_day(20_000) == date(2024, 10, 4)
    assert slots.day_of_date(slots.date_of_day(20_000)) == 20_000


def test_the_period_of_a_day_is_the_first_of_its_month():
    assert slots.month_of_day(slots.day_of_date(date(2024, 2, 29))) == date(2024, 2, 1)


@pytest.mark.parametrize(("day", "count"), [(date(2026, 3, 29), 92), (date(2026, 10, 25), 100), (date(2026, 7, 1), 96)])
def test_local_days_have_92_96_or_100_slots(day, count):
    assert len(slots.local_day_slots(day, VIENNA)) == count


def test_a_local_day_begins_at_local_midnight():
    span = slots.local_day_slots(date(2026, 7, 1), VIENNA)
    assert slots.slot_start(span[0]) == datetime(2026, 6, 30, 22, tzinfo=UTC)


def test_local_days_follow_each_other_without_gap():
    first = slots.local_day_slots(date(2026, 10, 25), VIENNA)
    second = slots.local_day_slots(date(2026, 10, 26), VIENNA)
    assert first.stop == second.start


def test_a_zone_whose_clock_is_off_the_slots_is_refused():
    with pytest.raises(ValueError, match="border of 15-minute slots"):
        slots.local_day_slots(date(1900, 1, 1), ZoneInfo("Europe/Amsterdam"))
