"""Orders made from mandates at the gate: what the forecast expects, within what its owner signed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from grid.accounts.models import Zone
from grid.chain import queries as chain_queries
from grid.chain.models import ChainTxState
from grid.domain.clearing import Side
from grid.domain.cover import buy_cover, sell_cover
from grid.domain.entries import mandate_order_hash
from grid.domain.mandates import day_quantity, order_limit
from grid.domain.orders import expected_price, expected_side, firm_quantity
from grid.domain.profile import SlotTariff
from grid.domain.slots import DAY_SECONDS, day_of
from grid.domain.units import PricePerKWh, WattHours
from grid.market.models import Mandate, Order, OrderState, Skip, SkipCode
from grid.market.queries import inputs
from grid.market.queries.mandates import active
from grid.metering.models import Binding
from grid.pricing import queries as pricing
from grid.pricing.models import PriceSignal

_ON_CHAIN = (ChainTxState.MINED, ChainTxState.FINAL)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What one point would trade in one slot."""

    mandate: Mandate
    binding: Binding
    slot: int
    side: Side
    energy: int
    limit: PricePerKWh


def generate_from_mandates(*, zone: Zone, signals: Mapping[int, PriceSignal], now: datetime) -> list[Order]:
    """Accept an order for every member point whose mandate and forecast ask for one, and return them.

    `signals` are the price signals of the slots. The side is that of the forecast's medians, the quantity
    what is worth promising at the order's limit (`grid.domain.orders`), cut to the mandate's energy of the
    day and to what can be covered: the day's cap and the escrow balance, less what other orders reserve.
    A point that gets no order gets a Skip that says why. Points that have an order or a Skip in a slot are
    left alone, so a repeat adds nothing.
    """
    if not signals:
        return []
    with transaction.atomic():
        Zone.objects.select_for_update(no_key=True).get(pk=zone.pk)
        desk = _Desk(zone, sorted(signals), now)
        orders: list[Order] = []
        skips: list[Skip] = []
        for slot in sorted(signals):
            for mandate, binding in desk.members(slot):
                order = desk.order(mandate, binding, slot, PricePerKWh(signals[slot].price))
                if isinstance(order, Order):
                    orders.append(order)
                else:
                    skip = Skip(mandate=mandate, point=binding.point, slot=slot, code=order, created_at=now)
                    skips.append(skip)
        Skip.objects.bulk_create(skips)
        return Order.objects.bulk_create(orders)


def _first_open_day(zone: Zone, now: datetime) -> int:
    """Return the first day that may still be posted: an older one debits nobody any more (PROTOCOL §4)."""
    seconds = int(now.timestamp())
    lag = pricing.profile_on(zone.community, seconds // DAY_SECONDS).windows.posting_lag_seconds
    return (seconds - lag) // DAY_SECONDS - 1


class _Desk:
    """Everything that decides about orders of some slots, read once; reservations grow as orders are made."""

    def __init__(self, zone: Zone, slots: Sequence[int], now: datetime) -> None:
        self.zone, self.now = zone, now
        days = sorted({day_of(slot) for slot in slots})
        self.tariffs = inputs.tariffs(zone, slots)
        self.lowest_export = inputs.lowest_export_prices(zone, slots)
        self.expected = inputs.expected(zone, slots, now)
        self.bindings = {day: inputs.member_bindings(zone, day) for day in days}
        accounts = {b.account for found in self.bindings.values() for b in found.values() if b.account}
        keys = [account.pk for account in accounts]
        self.mandates: dict[int, list[Mandate]] = {}
        for mandate in active(accounts=keys, first_day=days[0], last_day=days[-1]):
            self.mandates.setdefault(mandate.account_id, []).append(mandate)
        self.reserved = inputs.reserved(keys, from_day=_first_open_day(zone, now))
        willing = [account for account in accounts if account.pk in self.mandates]
        held = chain_queries.escrow_accounts([account.address for account in willing])
        self.free = {account.pk: escrow.free for account, escrow in zip(willing, held, strict=True)}
        self.done = set(Order.objects.filter(zone=zone, slot__in=slots).values_list("point_id", "slot"))
        self.done |= set(Skip.objects.filter(point__zone=zone, slot__in=slots).values_list("point_id", "slot"))

    def members(self, slot: int) -> list[tuple[Mandate, Binding]]:
        """Return the points that have a mandate in a slot and no decision yet, in the order of their ids."""
        found = []
        for point, binding in sorted(self.bindings[day_of(slot)].items()):
            mandate = self._mandate(binding.account_id, slot)
            if mandate and (point, slot) not in self.done:
                found.append((mandate, binding))
        return found

    def order(self, mandate: Mandate, binding: Binding, slot: int, signal: PricePerKWh) -> Order | SkipCode:
        """Return the order of one point and slot, counted among the reservations, or why there is none."""
        tariff = self.tariffs.get(slot)
        if tariff is None:
            return SkipCode.NO_TARIFF
        if mandate.chain_tx is None or mandate.chain_tx.state not in _ON_CHAIN:
            return SkipCode.MANDATE_NOT_REGISTERED
        forecast = self.expected.get((binding.point_id, slot))
        if forecast is None:
            return SkipCode.NO_FORECAST
        side, wish = expected_side(forecast.imported, forecast.exported), mandate.wish
        if side is None:
            return SkipCode.BALANCED
        if not day_quantity(wish, side):
            return SkipCode.SIDE_NOT_WANTED
        left = day_quantity(wish, side) - self.reserved.energy[mandate.pk, day_of(slot), side]
        if left <= 0:
            return SkipCode.DAY_QUANTITY_USED
        limit = order_limit(wish, side, signal=signal, tariff=tariff)
        price = expected_price(side, limit=limit, signal=signal)
        firm = firm_quantity(side, imported=forecast.imported, exported=forecast.exported, price=price, tariff=tariff)
        if not firm:
            return SkipCode.UNCERTAIN
        wanted = _Wanted(mandate, binding, slot, side, min(firm, left), limit)
        return self._covered(wanted, tariff)

    def _mandate(self, account: int | None, slot: int) -> Mandate | None:
        day = day_of(slot)
        for mandate in self.mandates.get(account or 0, []):
            covers = mandate.valid_from_day <= day < mandate.valid_to_day
            if covers and (mandate.ended_at_slot is None or slot < mandate.ended_at_slot):
                return mandate
        return None

    def _covered(self, wanted: _Wanted, tariff: SlotTariff) -> Order | SkipCode:
        """Cut the quantity to what can be covered, and make the order."""
        account, day = wanted.mandate.account_id, day_of(wanted.slot)
        within_cap = wanted.mandate.cap_per_day - self.reserved.by_day[account, day]
        within_balance = self.free[account] - self.reserved.by_account[account]
        available = min(within_cap, within_balance)
        if self._cover(wanted, tariff, 1) > available:
            return SkipCode.CAP_USED if within_cap <= within_balance else SkipCode.NO_BALANCE
        quantity = wanted.energy
        cover = self._cover(wanted, tariff, quantity)
        if cover > available:
            # Cover grows in proportion to the quantity and 1 Wh fits, so this is at least 1 and fits too.
            quantity = wanted.energy * available // cover
            cover = self._cover(wanted, tariff, quantity)
        order = self._make(wanted, quantity, cover)
        self.reserved.add(order)
        return order

    def _cover(self, wanted: _Wanted, tariff: SlotTariff, quantity: int) -> int:
        if wanted.side is Side.SELL:
            return sell_cover(quantity=WattHours(quantity), limit=wanted.limit, import_price=tariff.import_price)
        return buy_cover(
            quantity=WattHours(quantity),
            limit=wanted.limit,
            fee=tariff.fee_price,
            lowest_export=PricePerKWh(self.lowest_export[day_of(wanted.slot)]),
        )

    def _make(self, wanted: _Wanted, quantity: int, cover: int) -> Order:
        point = wanted.binding.point
        return Order(
            zone=self.zone,
            account_id=wanted.mandate.account_id,
            point=point,
            mandate=wanted.mandate,
            slot=wanted.slot,
            side=int(wanted.side),
            limit_price=wanted.limit,
            quantity_wh=quantity,
            cover=cover,
            order_hash=mandate_order_hash(
                mandate=bytes(wanted.mandate.struct_hash),
                point=point.word,
                slot=wanted.slot,
                side=int(wanted.side),
                limit_price=wanted.limit,
                quantity_wh=quantity,
            ),
            state=OrderState.ACCEPTED,
            accepted_at=self.now,
        )
