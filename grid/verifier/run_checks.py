"""The run: statements under its roots, headers, rows, and the arithmetic that ties them together."""

from dataclasses import dataclass

from grid.domain import entries, merkle, rows
from grid.domain.amounts import fee_milli, line_amount, mismatch_quantities, residual_milli
from grid.domain.casefile import PointPart, RunPart
from grid.domain.entries import LeafKind, Mode, run_key
from grid.domain.lines import Header, Line
from grid.domain.rows import SYSTEM_ROWS, Row
from grid.domain.slots import SLOTS_PER_DAY, slots_of_day
from grid.domain.statements import system_nets
from grid.verifier.evidence import Fields
from grid.verifier.report import NotInFile, Report, require


@dataclass(frozen=True, slots=True)
class Statement:
    """A point's statement, as its leaves say."""

    point: bytes
    account: bytes
    account_points: int
    day_net: int
    lines: list[Line]


def check_run(run: RunPart, report: Report) -> tuple[list[Statement], list[Header]]:
    """Check a run's leaves against its roots and each other; return what can be read of them."""
    headers = _headers(run, report)
    statements = [statement for part in run.points if (statement := _statement(run, part, headers, report)) is not None]
    _check_header_sums(run, headers, statements, report)
    posted = _rows(run, report)
    _check_rows(run, posted, headers, report)
    _check_nets(run, posted, statements, report)
    return statements, headers


def _headers(run: RunPart, report: Report) -> list[Header]:
    headers: list[Header] = []
    with report.check("96 headers are under headersRoot"):
        read = [Header.from_leaf(leaf) for leaf in run.headers]
        require([header.slot for header in read] == list(slots_of_day(run.day)), "they are not the day's slots")
        root = merkle.root([merkle.leaf_hash(leaf) for leaf in run.headers])
        require(root == run.headers_root, f"their root is {root.hex()}")
        headers = read
    return headers


def _statement(run: RunPart, part: PointPart, headers: list[Header], report: Report) -> Statement | None:
    """Check one point's leaf and lines. Returns None when they cannot be read."""
    name = f"point {part.position}"
    statement = None
    with report.check(f"{name} is in the run, under pointsRoot"):
        leaf = merkle.leaf_hash(part.leaf)
        merkle.verify_inclusion(leaf, part.position, run.point_count, part.proof, run.points_root)
        fields = Fields("POINT", entries.decode(LeafKind.POINT, part.leaf))
        fields.agrees("runKey", run_key(run.zone, run.day))
        fields.agrees("sequence", run.sequence)
    with report.check(f"{name} has 96 lines, under its linesRoot"):
        fields = Fields("POINT", entries.decode(LeafKind.POINT, part.leaf))
        lines = [Line.from_leaf(line) for line in part.lines]
        require([line.slot for line in lines] == list(slots_of_day(run.day)), "they are not the day's slots")
        fields.agrees("linesRoot", merkle.root([merkle.leaf_hash(line) for line in part.lines]))
        net, owned = fields.number("dayNet"), fields.number("accountPoints")
        statement = Statement(fields.data("point"), fields.data("account"), owned, net, lines)
    if statement is not None:
        with report.check(f"{name}: running totals add up to its day net"):
            _check_totals(statement)
        with report.check(f"{name}: every amount is what the formula gives"):
            _check_amounts(statement, headers)
    return statement


def _check_totals(statement: Statement) -> None:
    total = 0
    for line in statement.lines:
        total += line.amount
        require(line.running_total == total, f"slot {line.slot} says {line.running_total}, the sum is {total}")
    require(statement.day_net == total, f"day net is {statement.day_net}, the lines add up to {total}")


def _check_amounts(statement: Statement, headers: list[Header]) -> None:
    if not headers:
        raise NotInFile("the headers did not pass their check")
    for line, header in zip(statement.lines, headers, strict=True):
        held = line.hold_index is not None
        require(not held or line.bought_wh == line.sold_wh == 0, f"slot {line.slot} is held and has a local trade")
        amount = line_amount(line.energy, header.rates)
        require(line.amount == amount, f"slot {line.slot} says {line.amount}, the formula gives {amount}")


def _check_header_sums(run: RunPart, headers: list[Header], statements: list[Statement], report: Report) -> None:
    if not headers:
        return
    with report.check("headers agree with themselves"):
        for header in headers:
            found = f"slot {header.slot}"
            require(header.sold_wh == header.bought_wh + header.mismatch_wh, f"{found}: sold is not bought + mismatch")
            require(header.fee_amount == header.bought_wh * header.fee_price, f"{found}: fee is not bought * fee price")
            shares = header.buy_num, header.buy_den, header.sell_num, header.sell_den
            require(run.mode != Mode.EX_ANTE or not any(shares), f"{found}: shares in ex_ante")
    what = "headers are the sums of all members' lines"
    if len(statements) != run.point_count:
        report.not_checked(what, f"the file holds {len(statements)} of {run.point_count} points")
        return
    with report.check(what):
        for offset, header in enumerate(headers):
            _check_sums(header, [statement.lines[offset] for statement in statements])


def _check_sums(header: Header, lines: list[Line]) -> None:
    traded = [line.energy for line in lines] + [mismatch_quantities(header.mismatch_wh)]
    residual = sum(residual_milli(energy, header.rates) for energy in traded)
    for name, said, found in (
        ("boughtWh", header.bought_wh, sum(line.bought_wh for line in lines)),
        ("soldWh", header.sold_wh, sum(line.sold_wh for line in lines)),
        ("memberImportWh", header.member_import_wh, sum(line.import_wh for line in lines)),
        ("memberExportWh", header.member_export_wh, sum(line.export_wh for line in lines)),
        ("feeAmount", header.fee_amount, sum(fee_milli(line.energy, header.rates) for line in lines)),
        ("residualAmount", header.residual_amount, residual),
    ):
        require(said == found, f"slot {header.slot}: {name} is {said}, the lines add up to {found}")


def _rows(run: RunPart, report: Report) -> list[Row]:
    posted: list[Row] = []
    with report.check("rows are under rowsRoot"):
        root = rows.rows_root(run.rows)
        require(root == run.rows_root, f"their root is {root.hex()}")
        posted = [rows.unpack_row(word) for word in run.rows]
        require(len(posted) >= SYSTEM_ROWS, f"there are {len(posted)} rows; the last {SYSTEM_ROWS} are the system's")
    return posted


def _check_rows(run: RunPart, posted: list[Row], headers: list[Header], report: Report) -> None:
    if len(posted) < SYSTEM_ROWS:
        return
    with report.check("rows sum to zero, members in order, dust within its bound"):
        total = sum(row.net for row in posted)
        require(total == 0, f"they sum to {total}")
        members = [row.address for row in posted[:-SYSTEM_ROWS]]
        require(members == sorted(set(members)), "members do not ascend by address")
        dust, bound = posted[-2].net, SLOTS_PER_DAY * run.point_count
        require(0 <= dust <= bound, f"dust is {dust}, outside 0 to {bound}")
    with report.check("supplier, fee, dust and balancing rows follow from the headers"):
        if not headers:
            raise NotInFile("the headers did not pass their check")
        nets = system_nets(headers, sum(row.net for row in posted[:-SYSTEM_ROWS]))
        found = tuple(row.net for row in posted[-SYSTEM_ROWS:])
        require(found == nets, f"they are {found}, the headers give {tuple(nets)}")


def _check_nets(run: RunPart, posted: list[Row], statements: list[Statement], report: Report) -> None:
    nets = {row.address: row.net for row in posted[:-SYSTEM_ROWS]}
    whole = len(statements) == run.point_count
    for account in sorted({statement.account for statement in statements}):
        own = [statement for statement in statements if statement.account == account]
        with report.check(f"account 0x{account.hex()} is settled for the sum of its points"):
            _check_points(own, whole)
            net = sum(statement.day_net for statement in own)
            require(account in nets, "it has no row")
            require(nets[account] == net, f"its row says {nets[account]}, its points in the file add up to {net}")


def _check_points(own: list[Statement], whole: bool) -> None:
    """Require that the file holds all points of an account, as its leaves count them."""
    counts = sorted({statement.account_points for statement in own})
    require(len(counts) == 1, f"its leaves count {counts} points")
    require(len(own) <= counts[0], f"its leaves count {counts[0]} points, the file holds {len(own)}")
    if len(own) < counts[0]:
        require(not whole, f"its leaves count {counts[0]} points, the run has {len(own)}")
        raise NotInFile(f"the file holds {len(own)} of its {counts[0]} points")
