"""Ground 6, TOTAL: sums other than their parts. Ground 7, MALFORMED: leaves that no honest writer makes."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from grid.domain.claim_errors import (
    ChunksWrong,
    LinesWrong,
    NotTheAccounts,
    OfAnother,
    PointsUnordered,
    PointsWrong,
    RowNotShown,
    SystemAccount,
    WellFormed,
    WordRefused,
)
from grid.domain.entries import FIELDS, LeafKind
from grid.domain.openings import (
    Header,
    Line,
    Opened,
    Point,
    Rows,
    Run,
    place_of,
    require_header,
    require_line,
    require_point,
    require_rows,
)
from grid.domain.rows import Row
from grid.domain.slots import SLOTS_PER_DAY


class Sum(NamedTuple):
    """A sum as its parts give it and as the run states it."""

    summed: int
    stated: int


def require_own_point(run: Run, key: bytes, point: Point, account: bytes) -> None:
    """Require a point leaf that names the claimant. Raises ClaimRefused."""
    if account != point.account:
        raise NotTheAccounts(account, point.account)
    require_point(run, key, point)


def running_total(run: Run, point: Point, lines: Sequence[Line]) -> tuple[int, Sum]:
    """Return the slot of the last line, and its running total. Raises ClaimRefused.

    `lines` are the line before and the line; of the day's first slot the line alone.
    """
    if not 1 <= len(lines) <= 2:
        raise LinesWrong(len(lines))
    slot = Opened(LeafKind.LINE, lines[-1].words).number("slot")
    line = _line(run, point, lines[-1], slot)
    first = slot % SLOTS_PER_DAY == 0
    if first != (len(lines) == 1):
        raise LinesWrong(len(lines))
    before = 0 if first else _line(run, point, lines[0], slot - 1).number("runningTotal")
    return slot, Sum(before + line.number("amount"), line.number("runningTotal"))


def day_net(run: Run, point: Point, last: Line) -> Sum:
    """Return a point's net beside the running total of its last line. Raises ClaimRefused."""
    line = _line(run, point, last, run.input.day * SLOTS_PER_DAY + SLOTS_PER_DAY - 1)
    return Sum(line.number("runningTotal"), point.day_net)


def _line(run: Run, point: Point, line: Line, slot: int) -> Opened:
    given = Opened(LeafKind.LINE, line.words).number("slot")
    if given != slot:
        raise OfAnother(given, slot)
    return require_line(point.lines_root, place_of(slot, run.input.day), line)


def row(run: Run, key: bytes, points: Sequence[Point], rows: Rows, account: bytes, system: Sequence[bytes]) -> Sum:
    """Return an account's row beside the sum of its points, all opened in order. Raises ClaimRefused.

    At least as many as the leaves say, or the least of them where they differ, which no honest run's do.
    """
    following = 0
    for point in points:
        if point.account != account:
            raise NotTheAccounts(account, point.account)
        if point.position < following:
            raise PointsUnordered(point.position, following - 1)
        following = point.position + 1
        require_point(run, key, point)
    least = min((point.account_points for point in points), default=1)
    if len(points) < least:
        raise PointsWrong(len(points), least)
    return Sum(sum(point.day_net for point in points), row_net(run, rows, account, system))


def row_net(run: Run, rows: Rows, account: bytes, system: Sequence[bytes]) -> int:
    """Return what a run gives an account: its row's net, or 0 where neighbours leave it out. Raises ClaimRefused.

    `system` are the addresses of supplier, fee, dust and balancing account.
    """
    if account in system:
        raise SystemAccount(account)
    chunks = rows.chunks
    if not 1 <= len(chunks) <= 2 or any(b.position != a.position + 1 for a, b in pairwise(chunks)):
        raise ChunksWrong(len(chunks))
    listed: list[Row | None] = [None] if chunks[0].position == 0 else []
    listed += [found for chunk in chunks for found in require_rows(run, rows.count, chunk)]
    for found in listed:
        if found is not None and found.address == account:
            return found.net
    for before, after in pairwise(listed):
        if _leave_out(before, after, account, system):
            return 0
    raise RowNotShown(account)


def _leave_out(before: Row | None, after: Row | None, account: bytes, system: Sequence[bytes]) -> bool:
    """Return whether an account would stand between two neighbouring rows. None is what stands before all rows.

    The first must be a member's, for system rows stand in no order; the second is then a member's or the supplier's.
    """
    if after is None or (before is not None and (before.address in system or before.address > account)):
        return False
    return after.address > account or after.address == system[0]


def require_malformed(run: Run, point: Point, slot: int, leaf: Line | Header) -> None:
    """Require a line or header that no honest writer makes. Raises WellFormed, or what the proof raises.

    It stands at the place of another slot, holds a word that is none of its field, or cites beyond the checkpoint; or
    a header's sums do not add up.
    """
    place = place_of(slot, run.input.day)
    if isinstance(leaf, Line):
        opened = require_line(point.lines_root, place, leaf)
        cited = ["intervalIndex", "holdIndex"]
    else:
        opened = require_header(run, place, leaf)
        cited = ["tariffIndex", "priceIndex", "auctionIndex"]
    if not _is_typed(opened) or opened.number("slot") != slot or not _are_covered(run, opened, cited):
        return
    if opened.kind is LeafKind.LINE or _adds_up(opened):
        raise WellFormed(slot)


def _adds_up(header: Opened) -> bool:
    return header.number("soldWh") == header.number("boughtWh") + header.number("mismatchWh")


def _is_typed(opened: Opened) -> bool:
    """Return whether every word is one that its field can have."""
    try:
        for name, _ in FIELDS[opened.kind]:
            opened.value(name)
    except WordRefused:
        return False
    return True


def _are_covered(run: Run, opened: Opened, names: Sequence[str]) -> bool:
    """Return whether what is cited stands in the run's checkpoint."""
    cited = [opened.index(name) for name in names]
    return all(index is None or index < run.checkpoint.size for index in cited)
