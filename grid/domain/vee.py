"""Validation and estimation of slot energy (VEE): rules that find what a person should look at, and substitute values.

Everything here is pure: slots in, findings or integers out. A finding changes nothing. An estimate is a proposal:
only what is derived from signed registers, or what a person writes down with a reason, becomes an INTERVAL.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from grid.domain.plausibility import export_limit_wh, import_limit_wh
from grid.domain.registers import CLOCK_SKEW_SECONDS, Quality, Reason
from grid.domain.slots import SLOT_SECONDS, SLOTS_PER_DAY

LONG_GAP_SLOTS = 8
"""Up to two hours an even spread is as good as any other."""
STUCK_SLOTS = SLOTS_PER_DAY
SPIKE_FACTOR = 3
SPIKE_FLOOR_WH = 500
"""A spike is above three times what the same slots of reference days had at most, and 500 Wh more."""
SUNSET_DEGREES = -2.0
"""Below this elevation of the sun a roof gives nothing, refraction and the sun's width included."""
REFERENCE_SHIFTS = tuple(weeks * 7 * SLOTS_PER_DAY for weeks in range(1, 5))
"""How many slots back the same slot of the same weekday lies, in each of the last four weeks."""
REFERENCE_MINIMUM = 2
"""Reference days are the same weekdays of the last four weeks; at least two must have a measured value."""
CLOCK_RECORDS = 24
CLOCK_JITTER_SECONDS = 4


class Rule(StrEnum):
    """What a slot may break."""

    MISSING = "missing"
    REGISTER_FELL = "register_fell"
    LONG_GAP = "long_gap"
    CLOCK = "clock"
    OVER_FUSE = "over_fuse"
    OVER_PV = "over_pv"
    NIGHT_EXPORT = "night_export"
    SPIKE = "spike"
    STUCK = "stuck"
    CLOCK_BEHIND = "clock_behind"


class Metered(NamedTuple):
    """A slot as it stands: energy in Wh, quality, and why it is not valid."""

    slot: int
    import_wh: int
    export_wh: int
    quality: int
    reason: Reason = Reason.NONE


@dataclass(frozen=True, slots=True)
class Site:
    """Where a point is and what it can carry."""

    fuse_w: int
    pv_peak_w: int
    latitude: float
    longitude: float
    feeder: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """Slots in a row that break one rule. `found` says what was found, in numbers."""

    rule: Rule
    first_slot: int
    last_slot: int
    found: str


History = Mapping[int, Sequence[tuple[int, int]]]
"""(import, export) in Wh that the same slot of reference days had, by slot."""


def validate(slots: Sequence[Metered], site: Site, history: History) -> list[Finding]:
    """Return what the slots (in order, without holes) break; slots in a row under one rule make one finding."""
    broken: dict[Rule, list[tuple[int, str]]] = {}
    for metered in slots:
        for rule, found in _broken(metered, site, history):
            broken.setdefault(rule, []).append((metered.slot, found))
    findings = [finding for rule, hits in broken.items() for finding in _runs(rule, hits)]
    findings = [each for each in findings if each.rule is not Rule.LONG_GAP or _length(each) > LONG_GAP_SLOTS]
    findings += _stuck(slots, history)
    return sorted(findings, key=lambda each: (each.first_slot, each.rule))


def _broken(metered: Metered, site: Site, history: History) -> Iterator[tuple[Rule, str]]:
    quality, reason = metered.quality, metered.reason
    if quality == Quality.MISSING:
        fell = reason is Reason.REGISTER_FELL
        yield (Rule.REGISTER_FELL, "a register fell") if fell else (Rule.MISSING, "no readings around it")
        return
    if quality == Quality.ESTIMATED:
        if reason is Reason.CLOCK:
            yield Rule.CLOCK, "clock not synchronised, or more than 9 s ahead"
        else:
            yield Rule.LONG_GAP, "spread between readings that are far apart"
    most_in = import_limit_wh(site.fuse_w)
    if metered.import_wh > most_in or metered.export_wh > import_limit_wh(site.fuse_w):
        yield Rule.OVER_FUSE, f"{max(metered.import_wh, metered.export_wh)} Wh, the fuse carries {most_in}"
    if not site.feeder:
        most_out = export_limit_wh(site.fuse_w, site.pv_peak_w)
        if metered.export_wh > most_out:
            yield Rule.OVER_PV, f"{metered.export_wh} Wh fed in, the roof gives {most_out}"
        elif metered.export_wh and is_night(metered.slot, site.latitude, site.longitude):
            yield Rule.NIGHT_EXPORT, f"{metered.export_wh} Wh fed in after sunset"
    values = history.get(metered.slot, ())
    if quality == Quality.VALID and len(values) >= REFERENCE_MINIMUM:
        for at, energy in ((0, metered.import_wh), (1, metered.export_wh)):
            usual = max(value[at] for value in values)
            if energy > usual * SPIKE_FACTOR + SPIKE_FLOOR_WH:
                yield Rule.SPIKE, f"{energy} Wh, reference days had at most {usual}"
                return


def _runs(rule: Rule, hits: Sequence[tuple[int, str]]) -> Iterator[Finding]:
    first, last, found = hits[0][0], hits[0][0], hits[0][1]
    for slot, text in hits[1:]:
        if slot != last + 1:
            yield Finding(rule, first, last, found)
            first, found = slot, text
        last = slot
    yield Finding(rule, first, last, found)


def _length(finding: Finding) -> int:
    return finding.last_slot - finding.first_slot + 1


def _stuck(slots: Sequence[Metered], history: History) -> Iterator[Finding]:
    """Yield a day or more of valid slots without any energy, where reference days had some."""
    run: list[int] = []
    for metered in [*slots, None]:
        if metered and metered.quality == Quality.VALID and not metered.import_wh and not metered.export_wh:
            run.append(metered.slot)
            continue
        if len(run) >= STUCK_SLOTS:
            usual = sum(sum(value) for slot in run for value in history.get(slot, ()))
            if usual:
                yield Finding(Rule.STUCK, run[0], run[-1], f"{len(run)} slots without energy")
        run = []


def is_night(slot: int, latitude: float, longitude: float) -> bool:
    """Say whether the sun is down during a whole slot. Within half a degree, which the limit leaves room for."""
    return all(_elevation((slot + end) * SLOT_SECONDS, latitude, longitude) < SUNSET_DEGREES for end in (0, 1))


def _elevation(unix: int, latitude: float, longitude: float) -> float:
    """Return the sun's elevation in degrees (Astronomical Almanac's low-precision formulas, good to 0.01 degrees)."""
    days = unix / 86_400 - 10_957.5
    mean = math.radians(280.460 + 0.9856474 * days)
    anomaly = math.radians(357.528 + 0.9856003 * days)
    ecliptic = mean + math.radians(1.915 * math.sin(anomaly) + 0.020 * math.sin(2 * anomaly))
    tilt = math.radians(23.439 - 0.0000004 * days)
    right_ascension = math.atan2(math.cos(tilt) * math.sin(ecliptic), math.cos(ecliptic))
    declination = math.asin(math.sin(tilt) * math.sin(ecliptic))
    sidereal = math.radians((280.46062 + 360.98564737 * days + longitude) % 360)
    hour = sidereal - right_ascension
    phi = math.radians(latitude)
    sine = math.sin(phi) * math.sin(declination) + math.cos(phi) * math.cos(declination) * math.cos(hour)
    return math.degrees(math.asin(sine))


def clock_behind(delays: Sequence[int]) -> int | None:
    """Return by how many seconds a meter's clock seems to be behind, or None.

    `delays` are the seconds from a record's last register to its receipt, of a meter's newest records. A line's
    delay varies; one that never varies by more than a few seconds and is never below 9 s is the clock's, or a
    timer's: either way somebody should look.
    """
    newest = delays[-CLOCK_RECORDS:]
    if len(newest) < CLOCK_RECORDS or max(newest) - min(newest) > CLOCK_JITTER_SECONDS:
        return None
    return min(newest) if min(newest) > CLOCK_SKEW_SECONDS else None


class Method(StrEnum):
    """How substitute values are found."""

    REFERENCE_DAY = "reference_day"
    INTERPOLATION = "interpolation"
    TYPED = "typed"
    UNDO = "undo"


@dataclass(frozen=True, slots=True)
class Estimate:
    """Substitute values in Wh, one pair of import and export for each slot, and how they were found."""

    values: tuple[tuple[int, int], ...]
    method: Method


def estimate(
    slots: Sequence[int],
    history: History,
    *,
    total: tuple[int, int] | None,
    neighbours: tuple[tuple[int, int] | None, tuple[int, int] | None] = (None, None),
) -> Estimate | None:
    """Return substitute values for slots in a row, or None where nothing is known to estimate from.

    With reference days for every slot their mean gives the course, else it is even (or, where nothing is known of
    the total, a straight line between the neighbours, up to two hours). `total` is what the registers at both ends
    say: the values then add up to it exactly.
    """
    if all(len(history.get(slot, ())) >= REFERENCE_MINIMUM for slot in slots):
        courses = [_mean([history[slot] for slot in slots], at, exact=total is not None) for at in (0, 1)]
        if total is not None:
            courses = [apportion(total[at], courses[at]) for at in (0, 1)]
        return Estimate(tuple(zip(*courses, strict=True)), Method.REFERENCE_DAY)
    if total is not None:
        even = [1] * len(slots)
        courses = [apportion(total[at], even) for at in (0, 1)]
        return Estimate(tuple(zip(*courses, strict=True)), Method.INTERPOLATION)
    before, after = neighbours
    if before is None or after is None or len(slots) > LONG_GAP_SLOTS:
        return None
    steps = len(slots) + 1
    line = [
        (
            before[0] + (after[0] - before[0]) * step // steps,
            before[1] + (after[1] - before[1]) * step // steps,
        )
        for step in range(1, steps)
    ]
    return Estimate(tuple(line), Method.INTERPOLATION)


def _mean(days: Sequence[Sequence[tuple[int, int]]], at: int, *, exact: bool) -> list[int]:
    """Return each slot's mean; `exact` keeps three digits after the point, for a course that is scaled later."""
    return [sum(value[at] for value in values) * (1000 if exact else 1) // len(values) for values in days]


def apportion(total: int, weights: Sequence[int]) -> list[int]:
    """Return integers that add up to `total` in proportion to weights (even where all are 0).

    Borders are rounded down as for registers, so that it does not depend on who gets a remainder.
    """
    parts = list(weights) if any(weights) else [1] * len(weights)
    whole, done, borders = sum(parts), 0, [0]
    for part in parts:
        done += part
        borders.append(total * done // whole)
    return [after - before for before, after in pairwise(borders)]
