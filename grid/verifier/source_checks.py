"""Where a statement's numbers come from: the log entries that its lines and headers cite."""

from collections.abc import Callable, Sequence
from functools import partial

from grid.domain import entries, merkle
from grid.domain import profile as profiles
from grid.domain.casefile import RunPart
from grid.domain.entries import DecisionKind, EntryKind, LeafKind, Mode
from grid.domain.lines import Header, Line
from grid.domain.rows import SYSTEM_ROWS, unpack_row
from grid.verifier.evidence import Evidence, Fields
from grid.verifier.metering_checks import check_binding
from grid.verifier.report import CheckFailed, NotInFile, require
from grid.verifier.run_checks import Statement


def check_sources(evidence: Evidence, run: RunPart, statements: list[Statement], headers: list[Header]) -> None:
    """Check every citation of the statements and headers, and the rules the run was made by."""
    for position, statement in enumerate(statements):
        name = f"statement {position}"
        _each(
            evidence,
            f"{name}: metered energy is that of its INTERVALs, bound to its account",
            [partial(_check_interval, evidence, run, statement, line) for line in statement.lines],
        )
        _each(
            evidence,
            f"{name}: local trades are the fills of the AUCTIONs",
            [
                partial(_check_fill, evidence, statement, line, header)
                for line, header in zip(statement.lines, headers, strict=False)
            ],
        )
        held = [line for line in statement.lines if line.hold_index is not None]
        if held:
            checks = [partial(_check_hold, evidence, run, line) for line in held]
            _each(evidence, f"{name}: held slots cite a DECISION", checks)
    if headers:
        _each(
            evidence,
            "tariffs of the headers are those of the TARIFF entry",
            [partial(_check_tariff, evidence, run, header) for header in headers],
        )
        _each(
            evidence,
            "local prices of the headers are those of AUCTION and DECISION entries",
            [partial(_check_price, evidence, run, header) for header in headers],
        )
    _check_profile(evidence, run)


def _each(evidence: Evidence, what: str, checks: Sequence[Callable[[], None]]) -> None:
    """Make one check of many small ones. What the file does not hold is said beside what holds."""
    missing: list[str] = []
    done = 0
    with evidence.report.check(what):
        for check in checks:
            try:
                check()
                done += 1
            except NotInFile as error:
                missing.append(str(error))
        if not done and missing:
            raise NotInFile(missing[0])
    if done and missing:
        evidence.report.not_checked(f"{what}, {len(missing)} of {len(checks)}", missing[0])


def _check_interval(evidence: Evidence, run: RunPart, statement: Statement, line: Line) -> None:
    interval = evidence.entry(line.interval_index, EntryKind.INTERVAL)
    interval.agrees("point", statement.point)
    interval.agrees("slot", line.slot)
    interval.agrees("importWh", line.import_wh)
    interval.agrees("exportWh", line.export_wh)
    index = interval.index("bindingIndex")
    binding = evidence.entry(index, EntryKind.BINDING)
    check_binding(interval, binding)
    binding.agrees("zone", run.zone)
    binding.agrees("account", statement.account)
    newer = next((found for found in evidence.bindings(statement.point, run.day) if found > (index or 0)), None)
    require(newer is None, f"BINDING {newer} covers the day too and was recorded after {binding.name}")


def _check_fill(evidence: Evidence, statement: Statement, line: Line, header: Header) -> None:
    if line.fill_index is None:
        require(line.bought_wh == line.sold_wh == 0, f"slot {line.slot} has a local trade and cites no fill")
        return
    auction = evidence.entry(header.auction_index, EntryKind.AUCTION)
    part = next(
        (f for f in evidence.case.fills if (f.auction, f.position) == (header.auction_index, line.fill_index)), None
    )
    if part is None:
        raise NotInFile(f"fill {line.fill_index} of {auction.name} is not in the file")
    leaf = merkle.leaf_hash(part.data)
    count, root = auction.number("fillCount"), auction.data("fillsRoot")
    merkle.verify_inclusion(leaf, part.position, count, part.proof, root)
    fill = Fields(f"fill {part.position} of {auction.name}", entries.decode(LeafKind.FILL, part.data))
    fill.agrees("orderHash", line.order_hash)
    fill.agrees("point", statement.point)
    fill.agrees("price", header.local_price)
    if line.hold_index is None:
        selling = fill.number("side") == 1
        fill.agrees("quantityWh", line.sold_wh if selling else line.bought_wh)
        require((line.bought_wh if selling else line.sold_wh) == 0, f"slot {line.slot} trades on the other side")


def _check_hold(evidence: Evidence, run: RunPart, line: Line) -> None:
    decision = evidence.entry(line.hold_index, EntryKind.DECISION)
    decision.agrees("decisionKind", int(DecisionKind.HOLD))
    decision.agrees("zone", run.zone)
    decision.agrees("slot", line.slot)


def _check_tariff(evidence: Evidence, run: RunPart, header: Header) -> None:
    tariff = evidence.entry(header.tariff_index, EntryKind.TARIFF)
    tariff.agrees("zone", run.zone)
    tariff.agrees("day", run.day)
    part = next((t for t in evidence.case.tariffs if t.tariff == header.tariff_index), None)
    if part is None:
        raise NotInFile(f"the leaves of {tariff.name} are not in the file")
    tariff.agrees("tariffRoot", merkle.root([merkle.leaf_hash(leaf) for leaf in part.leaves]))
    for leaf in part.leaves:
        prices = Fields(f"slot {header.slot} of {tariff.name}", entries.decode(LeafKind.TARIFF_SLOT, leaf))
        if prices.number("slot") == header.slot:
            prices.agrees("importPrice", header.import_price)
            prices.agrees("exportPrice", header.export_price)
            prices.agrees("feePrice", header.fee_price)
            return
    raise CheckFailed(f"{tariff.name} has no slot {header.slot}")


def _check_price(evidence: Evidence, run: RunPart, header: Header) -> None:
    if header.auction_index is not None:
        auction = evidence.entry(header.auction_index, EntryKind.AUCTION)
        auction.agrees("zone", run.zone)
        auction.agrees("slot", header.slot)
        auction.agrees("mode", run.mode)
        auction.agrees("price", header.local_price)
    if header.price_index is not None:
        decision = evidence.entry(header.price_index, EntryKind.DECISION)
        decision.agrees("decisionKind", int(DecisionKind.PRICE))
        decision.agrees("zone", run.zone)
        decision.agrees("slot", header.slot)
        if header.auction_index is None or run.mode == Mode.EX_POST:
            decision.agrees("value", header.local_price)
    if header.auction_index is None and header.price_index is None:
        traded = header.bought_wh or header.sold_wh
        require(not traded, f"slot {header.slot} has local trades and cites neither AUCTION nor DECISION")


def _check_profile(evidence: Evidence, run: RunPart) -> None:
    """The rules: their hash in the log from a day on, and system accounts as they name them."""
    with evidence.report.check("the run's rules are a PROFILE of the log"):
        _find_profile(evidence, run)
    with evidence.report.check("the run's rules name its system accounts and mode"):
        if run.profile is None:
            raise NotInFile("the profile's document is not in the file")
        profile = profiles.parse(run.profile)
        require(profile.hash == run.profile_hash, f"the document has the hash {profile.hash.hex()}")
        named = tuple(unpack_row(word).address for word in run.rows[-SYSTEM_ROWS:])
        require(named == profile.system_accounts, "the last four rows are other accounts")
        require(profile.mode == run.mode, f"the run's mode is {run.mode}, the profile's {int(profile.mode)}")


def _find_profile(evidence: Evidence, run: RunPart) -> None:
    logged = [fields for kind, fields in evidence.entries.values() if kind is EntryKind.PROFILE]
    if not logged:
        raise NotInFile("no PROFILE entry is proven by the file")
    for values in logged:
        fields = Fields("PROFILE", values)
        if fields.data("profileHash") == run.profile_hash and fields.number("fromDay") <= run.day:
            return
    raise CheckFailed(f"no PROFILE of the file has the run's hash and is in force on day {run.day}")
