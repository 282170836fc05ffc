"""What a run is computed from: metered energy, fills, holds and prices of one zone and UTC day."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from grid.accounts.models import Account, Zone
from grid.domain.signers import address_bytes
from grid.domain.slots import SLOTS_PER_DAY, slots_of_day
from grid.domain.statements import LocalFill, Metered, PointDay, SlotPrices
from grid.market.models import Auction, Fill, Side
from grid.market.queries.inputs import member_bindings
from grid.metering.models import MeteringPoint, PointKind
from grid.metering.queries import intervals
from grid.pricing.models import TariffDay
from grid.sentinel.models import Hold


class InputMissing(Exception):
    """A run cannot be computed yet; the message names the first input that is not there."""


@dataclass(frozen=True, slots=True)
class RunInputs:
    """Inputs of `build_run`, and the rows behind them by point id."""

    points: list[PointDay]
    members: dict[bytes, tuple[MeteringPoint, Account]]
    prices: list[SlotPrices]
    feeder_wh: list[int]


def run_inputs(zone: Zone, day: int, *, now: datetime) -> RunInputs:
    """Return everything a run of the day cites, in its latest version. Raises InputMissing."""
    auctions = _auctions(zone, day)
    prices = _prices(zone, day, auctions)
    metered = _metered(zone, day)
    fills, holds = _fills(auctions), _holds(zone, day, now)
    points: list[PointDay] = []
    members: dict[bytes, tuple[MeteringPoint, Account]] = {}
    for point_id, binding in sorted(member_bindings(zone, day).items()):
        if binding.account is None:
            continue
        members[binding.point.word] = (binding.point, binding.account)
        points.append(
            PointDay(
                point=binding.point.word,
                account=address_bytes(binding.account.address),
                metered=_whole_day(metered.get(point_id, {}), day, binding.point.name),
                fills=fills.get(point_id, {}),
                holds=holds.get(point_id, {}),
            )
        )
    if not points:
        raise InputMissing(f"no metering point of {zone} has an account on day {day}")
    return RunInputs(points, members, prices, _feeder(zone, metered, day))


def _metered(zone: Zone, day: int) -> dict[UUID, dict[int, Metered]]:
    slots = slots_of_day(day)
    points = MeteringPoint.objects.filter(zone=zone).values_list("id", flat=True)
    rows = intervals(points=list(points), from_slot=slots.start, to_slot=slots.stop)
    found: dict[UUID, dict[int, Metered]] = defaultdict(dict)
    for point, slot, *values in rows.values_list("point__id", "slot", "import_wh", "export_wh", "log_index"):
        found[point][slot] = Metered(*values)
    return found


def _whole_day(found: Mapping[int, Metered], day: int, name: str) -> list[Metered]:
    missing = next((slot for slot in slots_of_day(day) if slot not in found), None)
    if missing is not None:
        raise InputMissing(f"{name} has no INTERVAL for slot {missing} of day {day}")
    return [found[slot] for slot in slots_of_day(day)]


def _feeder(zone: Zone, metered: Mapping[UUID, Mapping[int, Metered]], day: int) -> list[int]:
    """Return import minus export of the feeder, over all feeder points of the zone; 0 where it has none."""
    totals = [0] * SLOTS_PER_DAY
    for point in MeteringPoint.objects.filter(zone=zone, kind=PointKind.FEEDER):
        for offset, item in enumerate(_whole_day(metered.get(point.id, {}), day, point.name)):
            totals[offset] += item.import_wh - item.export_wh
    return totals


def _auctions(zone: Zone, day: int) -> dict[int, Auction]:
    """Return the auctions that count, by slot: a void one, anchored after delivery began, is as if never held.

    Raises InputMissing while an auction is in no anchored checkpoint: only its block says when it was known.
    """
    slots = slots_of_day(day)
    rows = Auction.objects.filter(zone=zone, slot__gte=slots.start, slot__lt=slots.stop)
    waiting = rows.unanchored().order_by("slot").first()
    if waiting is not None:
        raise InputMissing(f"the auction of slot {waiting.slot} of {zone} is in no anchored checkpoint yet")
    return {row.slot: row for row in rows.standing().select_related("signal")}


def _fills(auctions: Mapping[int, Auction]) -> dict[UUID, dict[int, LocalFill]]:
    rows = Fill.objects.filter(auction__in=auctions.values()).select_related("order")
    found: dict[UUID, dict[int, LocalFill]] = defaultdict(dict)
    for row in rows:
        bought, sold = (row.quantity_wh, 0) if row.order.side == Side.BUY else (0, row.quantity_wh)
        fill = LocalFill(bytes(row.order.order_hash), row.fill_index, bought, sold)
        found[row.order.point_id][row.order.slot] = fill
    return found


def _holds(zone: Zone, day: int, now: datetime) -> dict[UUID, dict[int, int]]:
    slots = slots_of_day(day)
    rows = Hold.objects.filter(
        point__zone=zone, slot__gte=slots.start, slot__lt=slots.stop, released_at=None, ends_at__gt=now
    )
    found: dict[UUID, dict[int, int]] = defaultdict(dict)
    for row in rows:
        found[row.point_id][row.slot] = row.log_index
    return found


def _prices(zone: Zone, day: int, auctions: Mapping[int, Auction]) -> list[SlotPrices]:
    """Return the prices of the 96 slots. A slot without an auction has no local price and cites none."""
    tariff = TariffDay.objects.filter(zone=zone, day=day).first()
    if tariff is None:
        raise InputMissing(f"{zone} has no published tariff for day {day}")
    return [
        SlotPrices(
            local_price=auctions[slot].price if slot in auctions else 0,
            tariff_index=tariff.log_index,
            fee_price=tariff.fee_prices[offset],
            import_price=tariff.import_prices[offset],
            export_price=tariff.export_prices[offset],
            price_index=auctions[slot].signal.log_index if slot in auctions else None,
            auction_index=auctions[slot].log_index if slot in auctions else None,
        )
        for offset, slot in enumerate(slots_of_day(day))
    ]
