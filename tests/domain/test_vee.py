"""Validation rules and substitute values: what is found, what is not, and that integers add up."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grid.domain.registers import Quality, Reason
from grid.domain.vee import (
    REFERENCE_SHIFTS,
    Finding,
    Metered,
    Method,
    Rule,
    Site,
    apportion,
    clock_behind,
    estimate,
    is_night,
    validate,
)

NOON = int(datetime(2026, 6, 17, 11, tzinfo=UTC).timestamp()) // 900
MIDNIGHT = NOON - 52
HOME = Site(fuse_w=17_250, pv_peak_w=6_000, latitude=48.2, longitude=16.4)


def valid(slot: int, import_wh: int = 100, export_wh: int = 0) -> Metered:
    return Metered(slot, import_wh, export_wh, Quality.VALID)


def rules(slots: list[Metered], site: Site = HOME, **history: object) -> list[tuple[Rule, int, int]]:
    known = history.get("history", {})
    return [(f.rule, f.first_slot - NOON, f.last_slot - NOON) for f in validate(slots, site, known)]  # type: ignore[arg-type]


def test_what_is_plausible_breaks_nothing() -> None:
    assert rules([valid(NOON, 4_312, 0), valid(NOON + 1, 0, 1_650), valid(NOON + 2, 0, 0)]) == []


@pytest.mark.parametrize(
    ("metered", "rule"),
    [
        (Metered(NOON, 0, 0, Quality.MISSING, Reason.NO_READING), Rule.MISSING),
        (Metered(NOON, 0, 0, Quality.MISSING, Reason.REGISTER_FELL), Rule.REGISTER_FELL),
        (Metered(NOON, 5, 0, Quality.ESTIMATED, Reason.CLOCK), Rule.CLOCK),
        (valid(NOON, 4_314), Rule.OVER_FUSE),
        (valid(NOON, 0, 1_651), Rule.OVER_PV),
        (valid(MIDNIGHT, 0, 1), Rule.NIGHT_EXPORT),
    ],
)
def test_each_rule_finds_its_slot(metered: Metered, rule: Rule) -> None:
    assert [finding.rule for finding in validate([metered], HOME, {})] == [rule]


def test_feeder_may_feed_in_at_night() -> None:
    site = Site(fuse_w=60_000, pv_peak_w=0, latitude=48.2, longitude=16.4, feeder=True)
    assert validate([valid(MIDNIGHT, 0, 9_000)], site, {}) == []


def test_slots_in_a_row_make_one_finding() -> None:
    slots = [Metered(NOON + at, 0, 0, Quality.MISSING) for at in (0, 1, 2)] + [valid(NOON + 3)]
    slots += [Metered(NOON + at, 0, 0, Quality.MISSING) for at in (4, 5)]
    assert rules(slots) == [(Rule.MISSING, 0, 2), (Rule.MISSING, 4, 5)]


@pytest.mark.parametrize(("length", "found"), [(8, []), (9, [(Rule.LONG_GAP, 0, 8)])])
def test_spread_over_more_than_two_hours_is_found(length: int, found: list[object]) -> None:
    slots = [Metered(NOON + at, 9, 0, Quality.ESTIMATED, Reason.GAP) for at in range(length)]
    assert rules(slots) == found


@pytest.mark.parametrize(("energy", "found"), [(1_100, []), (1_101, [(Rule.SPIKE, 0, 0)])])
def test_spike_is_measured_against_the_own_profile(energy: int, found: list[object]) -> None:
    assert rules([valid(NOON, energy)], history={NOON: [(200, 0), (50, 0)]}) == found
    assert rules([valid(NOON, energy)], history={NOON: [(200, 0)]}) == []


def test_register_that_stands_still_is_found_if_it_usually_moves() -> None:
    slots = [valid(NOON + at, 0) for at in range(96)]
    usual = {NOON + 3: [(200, 0)]}
    assert rules(slots, history=usual) == [(Rule.STUCK, 0, 95)]
    assert rules(slots) == []
    assert rules([*slots[:50], valid(NOON + 50, 1), *slots[51:]], history=usual) == []


@pytest.mark.parametrize(
    ("moment", "night"),
    [
        # Vienna: on 17 June 2026 the sun rose at 02:54 and set at 18:58 UTC; on 21 December at 06:42 and 15:02 UTC.
        (datetime(2026, 6, 17, 2, 15, tzinfo=UTC), True),
        (datetime(2026, 6, 17, 3, 0, tzinfo=UTC), False),
        (datetime(2026, 6, 17, 18, 45, tzinfo=UTC), False),
        (datetime(2026, 6, 17, 19, 30, tzinfo=UTC), True),
        (datetime(2026, 12, 21, 6, 0, tzinfo=UTC), True),
        (datetime(2026, 12, 21, 7, 0, tzinfo=UTC), False),
        (datetime(2026, 12, 21, 15, 0, tzinfo=UTC), False),
        (datetime(2026, 12, 21, 15, 30, tzinfo=UTC), True),
    ],
)
def test_night_is_when_the_sun_is_down(moment: datetime, night: bool) -> None:
    assert is_night(int(moment.timestamp()) // 900, 48.2, 16.4) is night


@pytest.mark.parametrize(
    ("delays", "behind"),
    [([12] * 24, 12), ([10, 14] * 12, 10), ([9] * 24, None), ([12] * 23, None), ([10, 15] * 12, None)],
)
def test_clock_that_is_behind_shows_as_a_delay_that_never_varies(delays: list[int], behind: int | None) -> None:
    assert clock_behind(delays) == behind


def test_reference_days_are_the_same_weekday() -> None:
    assert [divmod(back, 96) for back in REFERENCE_SHIFTS] == [(7, 0), (14, 0), (21, 0), (28, 0)]


def test_course_of_reference_days_is_scaled_to_the_rise() -> None:
    history = {NOON: [(100, 0), (200, 0)], NOON + 1: [(300, 0), (300, 0)]}

    scaled = estimate([NOON, NOON + 1], history, total=(1_000, 7))
    free = estimate([NOON, NOON + 1], history, total=None)

    assert scaled is not None
    assert free is not None
    assert scaled.method is free.method is Method.REFERENCE_DAY
    assert [value[0] for value in scaled.values] == [333, 667]
    assert sum(value[1] for value in scaled.values) == 7
    assert free.values == ((150, 0), (300, 0))


def test_without_reference_days_the_rise_is_spread_evenly() -> None:
    found = estimate([NOON, NOON + 1, NOON + 2], {NOON: [(1, 1), (1, 1)]}, total=(10, 0))
    assert found is not None
    assert (found.method, [value[0] for value in found.values]) == (Method.INTERPOLATION, [3, 3, 4])


def test_without_a_rise_a_short_gap_is_a_line_between_its_neighbours() -> None:
    found = estimate([NOON, NOON + 1, NOON + 2], {}, total=None, neighbours=((100, 0), (20, 8)))
    assert found is not None
    assert found.values == ((80, 2), (60, 4), (40, 6))
    assert estimate(range(NOON, NOON + 9), {}, total=None, neighbours=((100, 0), (20, 8))) is None
    assert estimate([NOON], {}, total=None, neighbours=((100, 0), None)) is None


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**6), min_size=1, max_size=96))
def test_parts_add_up_and_are_never_negative(total: int, weights: list[int]) -> None:
    parts = apportion(total, weights)
    assert sum(parts) == total
    assert min(parts) >= 0
    whole = sum(weights)
    if whole:
        assert all(
            abs(part - total * weight / whole) <= 1.0 + 1e-6 * total
            for part, weight in zip(parts, weights, strict=True)
        )


def test_finding_says_what_was_found() -> None:
    (finding,) = validate([valid(NOON, 5_000)], HOME, {})
    assert finding == Finding(Rule.OVER_FUSE, NOON, NOON, "5000 Wh, the fuse carries 4313")
