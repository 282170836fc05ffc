"""Metered and traded energy of points, slot by slot."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from uuid import UUID

from grid.market.models import Fill, Side
from grid.metering.models import Interval
from grid.metering.queries import intervals
from grid.sentinel.models import Hold


def metered(points: Collection[UUID], from_slot: int, to_slot: int) -> dict[UUID, dict[int, Interval]]:
    """The newest version of each point's intervals in [from_slot, to_slot), by point and slot."""
    found: dict[UUID, dict[int, Interval]] = defaultdict(dict)
    for row in intervals(points=points, from_slot=from_slot, to_slot=to_slot).select_related("point"):
        found[row.point.id][row.slot] = row
    return found


def traded(points: Iterable[UUID], from_slot: int, to_slot: int) -> dict[tuple[UUID, int], tuple[int, int]]:
    """Bought and sold Wh by point and slot; slots on hold and void auctions settle without local energy."""
    chosen = list(points)
    held = set(
        Hold.objects.filter(point__in=chosen, released_at=None, slot__gte=from_slot, slot__lt=to_slot).values_list(
            "point_id", "slot"
        )
    )
    fills = (
        Fill.objects.standing()
        .filter(order__point__in=chosen, order__slot__gte=from_slot, order__slot__lt=to_slot)
        .values_list("order__point_id", "order__slot", "order__side", "quantity_wh")
    )
    found: dict[tuple[UUID, int], tuple[int, int]] = {}
    for point, slot, side, quantity in fills:
        if (point, slot) in held:
            continue
        bought, sold = found.get((point, slot), (0, 0))
        found[point, slot] = (bought + quantity, sold) if side == Side.BUY else (bought, sold + quantity)
    return found
