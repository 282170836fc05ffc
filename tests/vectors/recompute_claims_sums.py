"""Claims on the grounds TOTAL and MALFORMED. Payments follow from the story, not from the model."""

from collections.abc import Iterator
from dataclasses import replace

from grid.domain.lines import Header, Line
from tests.vectors.recompute_day import SLOTS, person
from tests.vectors.recompute_runs import NO_ROWS, Lie
from tests.vectors.recompute_setting import Claim, Claims, Setting, deep, honest, small

FIXED_SUM = 2 * 10**6


def claims() -> Iterator[Claim]:
    for setting in (small(), deep()):
        yield from _totals(setting)
        yield from _rows(setting)
        yield from _headers(setting)
    yield from _refused_totals()
    yield from _lines()
    yield from _refused_forms()


def _totals(setting: Setting) -> Iterator[Claim]:
    claims = Claims(setting, "roof's total falls at 50", setting.post(Lie(total_jump={("roof", 50): -7_000})))
    posted, run, roof = claims.posted, claims.posted.run, claims.posted.point("roof")
    lines = [posted.line("roof", 49), posted.line("roof", 50)]
    claims.add("a running total that falls", "runningTotal", "alice", [run, roof, lines], 7_000)
    if setting is small():
        claims.add("the line alone", "runningTotal", "alice", [run, roof, lines[1:]], "LinesWrong")
        apart = [posted.line("roof", 48), lines[1]]
        claims.add("lines with one between", "runningTotal", "alice", [run, roof, apart], "OfAnother")
        claims.add("somebody else's total", "runningTotal", "bob", [run, roof, lines], "NotTheAccounts")
    yield from claims.made

    claims = Claims(setting, "roof's net is less", setting.post(Lie(net_jump={"roof": -900})))
    posted = claims.posted
    arguments = [posted.run, posted.point("roof"), posted.line("roof", 95)]
    claims.add("a net below the last running total", "dayNet", "alice", arguments, 900)
    yield from claims.made


def _miscounted() -> Iterator[Claim]:
    """Rows of leaves that count other than there are: the least count is enough, and more may be opened."""
    for case, jumps, outcome in (
        ("every leaf counts one too few", {"roof": -1, "barn": -1}, 1_234),
        ("one leaf counts too few", {"barn": -1}, 1_234),
        ("one leaf counts too many", {"barn": 3}, 1_234),
        ("every leaf counts one too many", {"roof": 1, "barn": 1}, "PointsWrong"),
    ):
        lie = Lie(row_jump={person("alice"): -1_234}, count_jump=jumps)
        claims = Claims(small(), case, small().post(lie))
        posted = claims.posted
        points = sorted((posted.point(name) for name in ("roof", "barn")), key=lambda point: point.position)
        claims.add(case, "row", "alice", [posted.run, points, posted.rows(0)], outcome)
        yield from claims.made


def _rows(setting: Setting) -> Iterator[Claim]:
    alice = person("alice")
    claims = Claims(setting, "Alice's row is less", setting.post(Lie(row_jump={alice: -1_234})))
    posted = claims.posted
    points = sorted((posted.point(name) for name in ("roof", "barn")), key=lambda point: point.position)
    arguments = [posted.run, points, posted.rows(0)]
    claims.add("a row below the sum of its points", "row", "alice", arguments, 1_234)
    if setting is small():
        claims.add("one point of two", "row", "alice", [posted.run, points[:1], posted.rows(0)], "PointsWrong")
        twice = [posted.run, points[:1] * 2, posted.rows(0)]
        claims.add("one point twice", "row", "alice", twice, "PointsUnordered")
        mixed = [posted.run, [points[0], posted.point("flat")], posted.rows(0)]
        claims.add("a neighbour's point", "row", "alice", mixed, "NotTheAccounts")
        claims.add("no row", "row", "alice", [posted.run, points, NO_ROWS], "ChunksWrong")
    yield from claims.made

    if setting is small():
        yield from _miscounted()
    claims = Claims(setting, "Alice has no row", setting.post(Lie(unlisted=frozenset({alice}))))
    posted = claims.posted
    points = sorted((posted.point(name) for name in ("roof", "barn")), key=lambda point: point.position)
    due = sum(point.day_net for point in points)
    claims.add("an account left out", "row", "alice", [posted.run, points, posted.rows(0)], due)
    yield from claims.made


def _refused_totals() -> Iterator[Claim]:
    claims = Claims(small(), "honest")
    posted, run = claims.posted, claims.posted.run
    roof, flat = posted.point("roof"), posted.point("flat")
    lines = [posted.line("roof", 49), posted.line("roof", 50)]
    claims.add("an honest running total", "runningTotal", "alice", [run, roof, lines], "NothingToPay")
    claims.add("an honest first total", "runningTotal", "alice", [run, roof, [posted.line("roof", 0)]], "NothingToPay")
    claims.add("an honest net", "dayNet", "alice", [run, roof, posted.line("roof", 95)], "NothingToPay")
    claims.add("a line before the last", "dayNet", "alice", [run, roof, posted.line("roof", 94)], "OfAnother")
    claims.add("an honest row", "row", "bob", [run, [flat], posted.rows(0)], "NothingToPay")
    yield from claims.made
    jumped = small().post(Lie(total_jump={("flat", 0): -3}))
    claims = Claims(small(), "flat's total starts low", jumped)
    arguments = [jumped.run, jumped.point("flat"), [jumped.line("flat", 0)]]
    claims.add("a first running total other than its line", "runningTotal", "bob", arguments, 3)
    yield from claims.made


def _unsummed(place: int, header: Header) -> Header:
    return replace(header, mismatch_wh=header.mismatch_wh + 1) if place == 40 else header


def _headers(setting: Setting) -> Iterator[Claim]:
    claims = Claims(setting, "header 40 does not add up", setting.post(Lie(header=_unsummed)))
    posted = claims.posted
    debit = -sum(line.amount for line in posted.lines["flat"])
    arguments = [posted.run, posted.point("flat"), SLOTS[40], posted.header(40), posted.rows(0)]
    claims.add("a header's sums: the day's debit", "malformed", "bob", arguments, debit)
    arguments = [posted.run, posted.point("roof"), SLOTS[40], posted.header(40), NO_ROWS]
    claims.add("a header's sums: the fixed sum", "malformed", "alice", arguments, FIXED_SUM)
    yield from claims.made


def _lines() -> Iterator[Claim]:
    beyond = small().known.extra["beyond"]

    def moved(name: str, place: int, line: Line) -> Line:
        return replace(line, slot=line.slot + 1) if (name, place) == ("flat", 33) else line

    def uncovered(name: str, place: int, line: Line) -> Line:
        return replace(line, interval_index=beyond) if (name, place) == ("flat", 33) else line

    def elsewhere(place: int, header: Header) -> Header:
        return replace(header, slot=header.slot + 1) if place == 33 else header

    def untariffed(place: int, header: Header) -> Header:
        return replace(header, tariff_index=beyond) if place == 33 else header

    for case, line in (("of another slot", moved), ("that cites beyond the checkpoint", uncovered)):
        claims = Claims(small(), f"flat 33: a line {case}", small().post(Lie(line=line)))
        posted = claims.posted
        debit = -sum(item.amount for item in posted.lines["flat"])
        arguments = [posted.run, posted.point("flat"), SLOTS[33], posted.line("flat", 33), posted.rows(0)]
        claims.add(f"a line at its place, {case}", "malformed", "bob", arguments, debit)
        yield from claims.made
    for case, header in (("of another slot", elsewhere), ("that cites beyond the checkpoint", untariffed)):
        claims = Claims(small(), f"33: a header {case}", small().post(Lie(header=header)))
        posted = claims.posted
        arguments = [posted.run, posted.point("shed"), SLOTS[33], posted.header(33), posted.rows(0)]
        claims.add(f"a header at its place, {case}", "malformed", "carol", arguments, FIXED_SUM)
        yield from claims.made


def _refused_forms() -> Iterator[Claim]:
    claims = Claims(small(), "honest")
    posted, run = honest(small()), honest(small()).run
    flat, rows = posted.point("flat"), posted.rows(0)
    line, header = posted.line("flat", 33), posted.header(33)
    claims.add("a line as it should be", "malformed", "bob", [run, flat, SLOTS[33], line, rows], "WellFormed")
    arguments = [run, flat, SLOTS[33], header, rows]
    claims.add("a header as it should be", "malformed", "bob", arguments, "WellFormed")
    claims.add("a line at another place", "malformed", "bob", [run, flat, SLOTS[34], line, rows], "InclusionFailed")
    yield from claims.made
    claims = Claims(small(), "header 40 does not add up", small().post(Lie(header=_unsummed)))
    posted = claims.posted
    arguments = [posted.run, posted.point("flat"), SLOTS[40], posted.header(40), posted.rows(0)]
    claims.add("a neighbour's point and a header", "malformed", "alice", arguments, "NotTheAccounts")
    yield from claims.made
