"""What orders are made from: signals, tariffs, members, expected energy, and what is reserved already.

Each function takes several slots, so that a sweep over an hour or a day costs as many queries as one slot.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import Case, F, IntegerField, Q, Sum, When
from django.db.models.functions import Coalesce

from grid.accounts.models import Zone
from grid.chain import queries as chain_queries
from grid.domain.pricing import Outlook
from grid.domain.profile import SlotTariff
from grid.domain.slots import SLOTS_PER_DAY, day_of, slot_start
from grid.market.models import Order, OrderState
from grid.metering.models import Binding, PointKind
from grid.pricing.models import PriceSignal, TariffDay
from grid.records.queries import first_anchored_at

_EXPECTED = """
    SELECT DISTINCT ON (run.point_id, run.target, point.slot)
        run.point_id, run.target, point.slot, point.p10_wh, point.p50_wh, point.p90_wh
    FROM forecasts_forecastrun run JOIN forecasts_forecastpoint point ON point.run_id = run.id
    WHERE run.zone_id = %s AND run.point_id IS NOT NULL AND run.state = 'done' AND run.finished_at <= %s
      AND run.from_slot <= %s AND run.to_slot > %s AND point.slot = ANY(%s)
    ORDER BY run.point_id, run.target, point.slot, run.cutoff DESC, run.id DESC
"""


def tariffs(zone: Zone, slots: Sequence[int]) -> dict[int, SlotTariff]:
    """Return the supplier's published prices of each slot whose day has a TARIFF entry."""
    days = {row.day: row for row in TariffDay.objects.filter(zone=zone, day__in={day_of(s) for s in slots})}
    found = {}
    for slot in slots:
        row, offset = days.get(day_of(slot)), slot % SLOTS_PER_DAY
        if row:
            prices = (row.import_prices[offset], row.export_prices[offset], row.fee_prices[offset])
            found[slot] = SlotTariff(slot, *prices)
    return found


def signals_at_gate(zone: Zone, slots: Sequence[int], *, lead: int) -> dict[int, PriceSignal]:
    """Return the price signal that was in force when each slot's gate closed, `lead` slots before delivery.

    That is the newest version whose DECISION was anchored by then (PROTOCOL §1); a slot without one is absent.
    """
    rows = PriceSignal.objects.filter(zone=zone, slot__in=list(slots)).order_by("slot", "version")
    anchored = rows.annotate(anchored_at=first_anchored_at("log_index")).exclude(anchored_at=None)
    return {row.slot: row for row in anchored if row.anchored_at <= slot_start(row.slot - lead)}


def lowest_export_prices(zone: Zone, slots: Sequence[int]) -> dict[int, int]:
    """Return the lowest export price of each day of the slots, by day."""
    rows = TariffDay.objects.filter(zone=zone, day__in={day_of(slot) for slot in slots})
    return {row.day: min(row.export_prices) for row in rows}


def member_bindings(zone: Zone, day: int) -> dict[UUID, Binding]:
    """Return the binding in force on a UTC day for each member point of the zone that has an account."""
    rows = (
        Binding.objects.filter(
            Q(to_day=None) | Q(to_day__gt=day),
            point__zone=zone,
            point__kind=PointKind.MEMBER,
            account__isnull=False,
            log_index__isnull=False,
            from_day__lte=day,
        )
        .select_related("point", "account", "meter")
        .order_by("id")
    )
    # Of the bindings that cover a day the one recorded last holds.
    return {row.point_id: row for row in rows}


@dataclass(frozen=True, slots=True)
class Expected:
    """What a point is forecast to use and to feed in, in one slot."""

    imported: Outlook
    exported: Outlook


def expected(zone: Zone, slots: Sequence[int], now: datetime) -> dict[tuple[UUID, int], Expected]:
    """Return what points are expected to use and feed in, by the newest forecasts.

    A point and slot is absent unless both of its directions have a forecast finished by `now`.
    """
    with connection.cursor() as cursor:
        cursor.execute(_EXPECTED, [zone.id, now, max(slots), min(slots), list(slots)])
        rows = cursor.fetchall()
    parts: dict[tuple[UUID, int], dict[str, Outlook]] = defaultdict(dict)
    for point, target, slot, *quantiles in rows:
        parts[point, slot][target] = Outlook(*quantiles)
    return {key: Expected(both["import"], both["export"]) for key, both in parts.items() if len(both) == 2}


@dataclass
class Reserved:
    """What open orders and unsettled fills hold back: cover in token units by account (and day), energy in
    Wh by mandate, day and side.
    """

    by_account: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    by_day: dict[tuple[int, int], int] = field(default_factory=lambda: defaultdict(int))
    energy: dict[tuple[int, int, int], int] = field(default_factory=lambda: defaultdict(int))

    def add(self, order: Order) -> None:
        """Count a new order."""
        self._add(order.account_id, order.mandate_id, day_of(order.slot), order.side, order.cover, order.quantity_wh)

    def _add(self, account: int, mandate: int, day: int, side: int, cover: int, energy: int) -> None:
        self.by_account[account] += cover
        self.by_day[account, day] += cover
        self.energy[mandate, day, side] += energy


def reserved(accounts: Sequence[int], *, from_day: int) -> Reserved:
    """Return what the accounts' (primary keys) orders for `from_day` and later reserve.

    An order reserves its cover, once cleared the share that was filled, until its day is posted on chain:
    then the balance itself has changed. Earlier days than `from_day` can no longer be posted.
    """
    filled = Coalesce(F("fill__quantity_wh"), 0)
    cleared = Q(state=OrderState.CLEARED)
    rows = (
        Order.objects.filter(account_id__in=accounts, slot__gte=from_day * SLOTS_PER_DAY)
        .exclude(state=OrderState.CANCELLED)
        .values("account_id", "zone_id", "mandate_id", "side", day=F("slot") / SLOTS_PER_DAY)
        .annotate(
            cover_sum=Sum(
                Case(
                    # The filled share of the cover, rounded up.
                    When(cleared, then=(F("cover") * filled + F("quantity_wh") - 1) / F("quantity_wh")),
                    default=F("cover"),
                    output_field=IntegerField(),
                )
            ),
            energy_sum=Sum(Case(When(cleared, then=filled), default=F("quantity_wh"))),
        )
    )
    posted = {(event.args["zone"], event.args["day"]) for event in chain_queries.events("Settlement", "RunPosted")}
    found = Reserved()
    for row in rows:
        settled = ("0x" + row["zone_id"].int.to_bytes(32, "big").hex(), row["day"]) in posted
        cover = 0 if settled else int(row["cover_sum"])
        found._add(row["account_id"], row["mandate_id"], row["day"], row["side"], cover, int(row["energy_sum"]))
    return found
