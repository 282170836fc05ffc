"""An account's trades, newest delivery first."""

from dataclasses import dataclass

from django.db.models import QuerySet

from grid.accounts.models import Account
from grid.domain.slots import day_of
from grid.domain.units import MILLI, floor_div
from grid.market.models import Fill, Side
from grid.portal.queries.proofs import Proof
from grid.settlement.models import SettlementRun


@dataclass(frozen=True)
class FillView:
    """A trade: what, when, at which price, and how far it is proven. A void one is no trade (PROTOCOL §3)."""

    fill: Fill
    proof: Proof
    upcoming: bool
    void: bool

    @property
    def slot(self) -> int:
        return self.fill.order.slot

    @property
    def sold(self) -> bool:
        return self.fill.order.side == Side.SELL

    @property
    def price(self) -> int:
        return self.fill.auction.price

    @property
    def value(self) -> int:
        """Energy times local price, token units; the grid fee is booked with the statement."""
        milli = self.fill.quantity_wh * self.price
        return floor_div(milli if self.sold else -milli, MILLI)


def recent_fills(account: Account, *, slot_now: int, anchored: int, limit: int = 10) -> list[FillView]:
    """The newest fills. `slot_now` is the slot in delivery, `anchored` the size of the anchored log."""
    fills = list(_fills(account)[:limit])
    standing = set(Fill.objects.standing().filter(pk__in=[fill.pk for fill in fills]).values_list("pk", flat=True))
    days = {day_of(fill.order.slot) for fill in fills}
    zones = {fill.order.zone_id for fill in fills}
    runs = SettlementRun.objects.filter(zone__in=zones, day__in=days).order_by("sequence")
    by_day = {(run.zone_id, run.day): run for run in runs}
    return [
        FillView(
            fill,
            Proof(
                recorded=True,
                anchored=fill.auction.log_index < anchored,
                anchored_at=None,
                run=by_day.get((fill.order.zone_id, day_of(fill.order.slot))),
            ),
            fill.order.slot >= slot_now,
            fill.pk not in standing,
        )
        for fill in fills
    ]


def traded_in(account: Account, slot: int) -> tuple[int, int]:
    """Wh bought and sold for delivery in one slot."""
    fills = Fill.objects.standing().filter(order__account=account, order__slot=slot)
    rows = fills.values_list("order__side", "quantity_wh")
    sides = {Side.BUY.value: 0, Side.SELL.value: 0}
    for side, quantity in rows:
        sides[side] += quantity
    return sides[Side.BUY.value], sides[Side.SELL.value]


def _fills(account: Account) -> QuerySet[Fill]:
    rows = Fill.objects.filter(order__account=account).select_related("auction", "order__point")
    return rows.order_by("-order__slot", "-id")
