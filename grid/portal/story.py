"""What the market did for a member, and why a price is what it is, in sentences."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from grid.accounts.pages import formats
from grid.portal.queries.days import DaySum
from grid.portal.queries.prices import Reason, SlotPrice

HALF_A_CENT = 5_000
"""Token units below which a sum is shown as 0.00."""


@dataclass(frozen=True)
class Sentence:
    """One sentence with the icon that stands before it."""

    icon: str
    text: str


def headline(day: DaySum) -> str:
    """What the sum above the story means."""
    if abs(day.benefit) < HALF_A_CENT:
        return _("the same as with the supplier alone")
    if day.benefit > 0:
        return _("better than with the supplier alone")
    return _("worse than with the supplier alone")


def sentences(day: DaySum, currency: str) -> list[Sentence]:
    """Why the sum is what it is: every kind of trade with the price it is measured against."""
    found: list[Sentence] = []
    if day.sold_wh:
        found.append(
            Sentence(
                "sun",
                _("You sold %(energy)s to neighbours for %(price)s on average; the supplier pays %(other)s.")
                % {
                    "energy": formats.energy(day.sold_wh),
                    "price": formats.price(day.sell_price, currency),
                    "other": formats.price(day.supplier_sell_price, currency),
                },
            )
        )
    if day.bought_wh:
        found.append(
            Sentence(
                "plug",
                _(
                    "You bought %(energy)s from neighbours for %(price)s on average, grid fee included; "
                    "the supplier charges %(other)s."
                )
                % {
                    "energy": formats.energy(day.bought_wh),
                    "price": formats.price(day.buy_price, currency),
                    "other": formats.price(day.supplier_buy_price, currency),
                },
            )
        )
    over = day.over_bought_wh + day.over_sold_wh
    if over:
        found.append(
            Sentence(
                "alert",
                _(
                    "Orders are made on a forecast: %(energy)s of them were then not used or not delivered, "
                    "and the supplier evened that out at its own prices."
                )
                % {"energy": formats.energy(over)},
            )
        )
    if not found:
        text = (
            _("Nothing was traded: all energy went through the supplier.")
            if day.slots
            else _("The first readings of the day come in after its first quarter of an hour.")
        )
        found.append(Sentence("wait", text))
    return found


def why_price(reason: Reason | None) -> str:
    """Why the price of a slot is what it is."""
    if reason is None:
        return _("No price has been published for this quarter of an hour.")
    words = {"supply": formats.energy(reason.supply_wh), "demand": formats.energy(reason.demand_wh)}
    if reason.supply_wh >= reason.demand_wh:
        return (
            _("The street expects %(supply)s of sun for %(demand)s of demand: more than enough, so it is cheap.")
            % words
        )
    if reason.supply_wh == 0:
        return _("No sun is expected for %(demand)s of demand, so the price is the supplier's.") % words
    return _("The street expects %(supply)s of sun for %(demand)s of demand: the scarcer, the dearer.") % words


def price_outlook(prices: list[SlotPrice], currency: str) -> str:
    """The summary of the price curve: cheapest and dearest quarter of an hour to come."""
    known = [price for price in prices if price.local is not None]
    if not known:
        return _("Prices are published before each delivery day.")
    low = min(known, key=lambda price: (price.local or 0, price.slot))
    high = max(known, key=lambda price: (price.local or 0, -price.slot))
    if low.local == high.local:
        return _("%(price)s throughout.") % {"price": formats.price(low.local, currency)}
    return _("Cheapest at %(low_time)s with %(low)s, dearest at %(high_time)s with %(high)s.") % {
        "low_time": formats.clock(low.slot),
        "low": formats.price(low.local, currency),
        "high_time": formats.clock(high.slot),
        "high": formats.price(high.local, currency),
    }
