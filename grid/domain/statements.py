"""A settlement run: 96 lines per metering point, 96 headers, one row per account (PROTOCOL §2).

Pure: the same inputs give the same bytes, which is how anybody with the inputs checks a run.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import NamedTuple

from grid.domain import merkle
from grid.domain.amounts import (
    Prices,
    Quantities,
    fee_milli,
    line_amount,
    line_milli,
    mismatch_quantities,
    residual_milli,
)
from grid.domain.entries import LeafKind, Mode, Value, encode, run_key, salt
from grid.domain.lines import Header, Line
from grid.domain.rows import MAX_MEMBERS, SYSTEM_ROWS, Row, pack_rows, rows_root
from grid.domain.slots import SLOTS_PER_DAY, slots_of_day
from grid.domain.units import MILLI, PricePerKWh, WattHours, floor_div
from grid.domain.words import ADDRESS_SIZE, ZERO

__all__ = [
    "Header",
    "Line",
    "LocalFill",
    "Metered",
    "PointDay",
    "PointStatement",
    "Row",
    "RunResult",
    "SlotPrices",
    "SystemAccounts",
    "SystemNets",
    "build_run",
    "member_nets",
    "system_nets",
]


class Metered(NamedTuple):
    """A point's metered energy in one slot, and the log index of the INTERVAL that says so."""

    import_wh: int
    export_wh: int
    interval_index: int


class LocalFill(NamedTuple):
    """What a point's order got in one slot. A point has one order per slot: one side is 0."""

    order_hash: bytes
    fill_index: int
    bought_wh: int
    sold_wh: int


@dataclass(frozen=True, slots=True)
class PointDay:
    """A metering point's inputs for the day: 96 metered slots, fills and holds by slot number.

    `holds` gives the log index of the DECISION that holds a slot.
    """

    point: bytes
    account: bytes
    metered: Sequence[Metered]
    fills: Mapping[int, LocalFill]
    holds: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class SlotPrices:
    """A slot's prices (micro-currency per kWh) and where in the log they come from.

    The buy and sell shares (num/den) belong to ex_post and are 0 in ex_ante.
    """

    local_price: int
    tariff_index: int
    fee_price: int
    import_price: int
    export_price: int
    price_index: int | None = None
    auction_index: int | None = None
    buy_num: int = 0
    buy_den: int = 0
    sell_num: int = 0
    sell_den: int = 0

    @property
    def rates(self) -> Prices:
        """The four prices, for the formula."""
        return Prices(
            PricePerKWh(self.local_price),
            PricePerKWh(self.fee_price),
            PricePerKWh(self.import_price),
            PricePerKWh(self.export_price),
        )


@dataclass(frozen=True, slots=True)
class SystemAccounts:
    """The accounts of the last four rows, in posting order: addresses of 20 bytes."""

    supplier: bytes
    fee: bytes
    dust: bytes
    balancing: bytes


@dataclass(frozen=True, slots=True)
class PointStatement:
    """A point's 96 lines and its leaf at `position` of the points tree.

    `account_points` is how many points of the run have this account.
    """

    point: bytes
    account: bytes
    account_points: int
    position: int
    lines: list[Line]
    line_leaves: list[bytes]
    lines_root: bytes
    day_net: int
    salt: bytes
    leaf: bytes


@dataclass(frozen=True, slots=True)
class RunResult:
    """Everything a run posts (roots, row words) and serves (statements, headers)."""

    key: bytes
    sequence: int
    statements: list[PointStatement]
    headers: list[Header]
    header_leaves: list[bytes]
    rows: list[Row]
    row_words: list[bytes]
    points_root: bytes
    headers_root: bytes
    rows_root: bytes
    dust: int


class SystemNets(NamedTuple):
    """Day nets of the system accounts in posting order, token units."""

    supplier: int
    fee: int
    dust: int
    balancing: int


def build_run(
    *,
    zone: bytes,
    day: int,
    sequence: int,
    mode: Mode,
    points: Sequence[PointDay],
    prices: Sequence[SlotPrices],
    feeder_wh: Sequence[int],
    system: SystemAccounts,
    point_key: Callable[[bytes], bytes],
    header_key: bytes | None,
) -> RunResult:
    """Return the run of one zone and UTC day.

    `prices` and `feeder_wh` (import minus export of the feeder point) have one item per slot of the day.
    `point_key` gives the log key of a point for the day's month; `header_key` is the zone's, or None when
    headers are public. Points are settled in the order of their ids, whatever order they come in.
    Raises ValueError that names the input which does not fit.
    """
    slots = slots_of_day(day)
    _check_inputs(slots, mode, points, prices, feeder_wh, system)
    key = run_key(zone, day)
    ordered = sorted(points, key=lambda item: item.point)
    owned = Counter(item.account for item in points)
    statements = [
        _statement(item, owned[item.account], position, slots, prices, key, sequence, point_key(item.point))
        for position, item in enumerate(ordered)
    ]
    headers = [
        _header(slot, prices[offset], feeder_wh[offset], [item.lines[offset] for item in statements])
        for offset, slot in enumerate(slots)
    ]
    header_leaves = [
        header.leaf(
            ZERO
            if header_key is None
            else salt(header_key, "HEADER", tree=key, sequence=sequence, position=header.slot)
        )
        for header in headers
    ]
    members = member_nets(statements)
    nets = system_nets(headers, sum(members.values()))
    rows = [Row(address, members[address]) for address in sorted(members)]
    rows += [Row(address, net) for address, net in zip(astuple(system), nets, strict=True)]
    words = pack_rows(rows)
    return RunResult(
        key=key,
        sequence=sequence,
        statements=statements,
        headers=headers,
        header_leaves=header_leaves,
        rows=rows,
        row_words=words,
        points_root=merkle.root([merkle.leaf_hash(item.leaf) for item in statements]),
        headers_root=merkle.root([merkle.leaf_hash(leaf) for leaf in header_leaves]),
        rows_root=rows_root(words),
        dust=nets.dust,
    )


def member_nets(statements: Sequence[PointStatement]) -> dict[bytes, int]:
    """Return each account's day net: the sum over its points."""
    nets: dict[bytes, int] = {}
    for item in statements:
        nets[item.account] = nets.get(item.account, 0) + item.day_net
    return nets


def system_nets(headers: Sequence[Header], members_net: int) -> SystemNets:
    """Return the system rows that close a run, from its headers and the sum of its member rows.

    In thousandths, exactly: members + fee + supplier + balancing = 0. Members' lines were floored, by
    less than one unit each; fee and balancing are floored; the supplier carries those two fractions, so
    that supplier + fee + balancing = floor(-members / 1000). What is left is the members' fractions
    rounded up to a whole unit: 0 <= dust <= 96 * points (PROTOCOL §2).
    """
    fees = sum(header.fee_amount for header in headers)
    supplied = -sum(header.residual_amount for header in headers)
    balanced = sum(
        line_milli(mismatch_quantities(header.mismatch_wh), header.rates._replace(fee=PricePerKWh(0)))
        for header in headers
    )
    fee, balancing = floor_div(fees, MILLI), floor_div(balanced, MILLI)
    supplier = floor_div(fees + supplied + balanced, MILLI) - fee - balancing
    return SystemNets(supplier, fee, -(members_net + supplier + fee + balancing), balancing)


def _statement(
    item: PointDay,
    account_points: int,
    position: int,
    slots: range,
    prices: Sequence[SlotPrices],
    key: bytes,
    sequence: int,
    secret: bytes,
) -> PointStatement:
    """Return a point's lines and leaf, salted with the point's log key."""
    lines: list[Line] = []
    leaves: list[bytes] = []
    total = 0
    for slot, metered, price in zip(slots, item.metered, prices, strict=True):
        line = _line(slot, metered, item.fills.get(slot), item.holds.get(slot), price, total)
        total = line.running_total
        lines.append(line)
        leaves.append(line.leaf(salt(secret, "LINE", tree=key, sequence=sequence, position=slot)))
    lines_root = merkle.root([merkle.leaf_hash(leaf) for leaf in leaves])
    point_salt = salt(secret, "POINT", tree=key, sequence=sequence, position=position)
    fields: dict[str, Value] = {
        "runKey": key,
        "sequence": sequence,
        "point": item.point,
        "account": item.account,
        "dayNet": total,
        "accountPoints": account_points,
        "linesRoot": lines_root,
    }
    leaf = encode(LeafKind.POINT, fields, point_salt)
    return PointStatement(
        point=item.point,
        account=item.account,
        account_points=account_points,
        position=position,
        lines=lines,
        line_leaves=leaves,
        lines_root=lines_root,
        day_net=total,
        salt=point_salt,
        leaf=leaf,
    )


def _line(
    slot: int, metered: Metered, fill: LocalFill | None, hold: int | None, price: SlotPrices, before: int
) -> Line:
    """Return one line. A held slot keeps its fill's citation and settles with zero local quantity."""
    traded = fill is not None and hold is None
    bought, sold = (fill.bought_wh, fill.sold_wh) if fill is not None and traded else (0, 0)
    energy = Quantities(WattHours(metered.import_wh), WattHours(metered.export_wh), WattHours(bought), WattHours(sold))
    amount = line_amount(energy, price.rates)
    return Line(
        slot=slot,
        interval_index=metered.interval_index,
        order_hash=ZERO if fill is None else fill.order_hash,
        fill_index=None if fill is None else fill.fill_index,
        hold_index=hold,
        import_wh=metered.import_wh,
        export_wh=metered.export_wh,
        bought_wh=bought,
        sold_wh=sold,
        amount=amount,
        running_total=before + amount,
    )


def _header(slot: int, price: SlotPrices, feeder_wh: int, lines: Sequence[Line]) -> Header:
    """Return a slot's header from its lines."""
    rates = price.rates
    bought = sum(line.bought_wh for line in lines)
    sold = sum(line.sold_wh for line in lines)
    residual = sum(residual_milli(line.energy, rates) for line in lines)
    return Header(
        slot=slot,
        local_price=price.local_price,
        tariff_index=price.tariff_index,
        fee_price=price.fee_price,
        import_price=price.import_price,
        export_price=price.export_price,
        buy_num=price.buy_num,
        buy_den=price.buy_den,
        sell_num=price.sell_num,
        sell_den=price.sell_den,
        price_index=price.price_index,
        auction_index=price.auction_index,
        bought_wh=bought,
        sold_wh=sold,
        mismatch_wh=sold - bought,
        member_import_wh=sum(line.import_wh for line in lines),
        member_export_wh=sum(line.export_wh for line in lines),
        feeder_wh=feeder_wh,
        fee_amount=sum(fee_milli(line.energy, rates) for line in lines),
        residual_amount=residual + residual_milli(mismatch_quantities(sold - bought), rates),
    )


def _check_inputs(
    slots: range,
    mode: Mode,
    points: Sequence[PointDay],
    prices: Sequence[SlotPrices],
    feeder_wh: Sequence[int],
    system: SystemAccounts,
) -> None:
    """Refuse inputs that cannot be one day of one zone. Raises ValueError."""
    for name, length in (("prices", len(prices)), ("feeder_wh", len(feeder_wh))):
        if length != SLOTS_PER_DAY:
            raise ValueError(f"{name} has {length} items instead of {SLOTS_PER_DAY}")
    if mode is Mode.EX_ANTE and any((p.buy_num, p.buy_den, p.sell_num, p.sell_den) != (0,) * 4 for p in prices):
        raise ValueError("prices: buy and sell shares belong to ex_post")
    if len({item.point for item in points}) != len(points):
        raise ValueError("points: a metering point is given twice")
    members = {item.account for item in points}
    reserved = set(astuple(system))
    if len(reserved) != SYSTEM_ROWS or reserved & members:
        raise ValueError("system: supplier, fee, dust and balancing are four accounts and no member's")
    if any(len(address) != ADDRESS_SIZE or not any(address) for address in reserved | members):
        raise ValueError("account: every account is an address of 20 bytes, not all of them zero")
    if len(members) > MAX_MEMBERS:
        raise ValueError(f"{len(members)} accounts; a run has at most {MAX_MEMBERS}")
    for item in points:
        _check_point(item, slots)


def _check_point(item: PointDay, slots: range) -> None:
    name = f"point {item.point.hex()}"
    if len(item.metered) != SLOTS_PER_DAY:
        raise ValueError(f"{name}: metered has {len(item.metered)} slots instead of {SLOTS_PER_DAY}")
    for slot in (*item.fills, *item.holds):
        if slot not in slots:
            raise ValueError(f"{name}: slot {slot} is not of this day")
    for slot, fill in item.fills.items():
        if min(fill.bought_wh, fill.sold_wh) != 0:
            raise ValueError(f"{name}, slot {slot}: a fill buys or sells, and one of the two is 0")
