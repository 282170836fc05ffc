"""What members and operators see of the market: results in words, and a zone's auctions."""

from dataclasses import dataclass

from grid.accounts.models import Account, Zone
from grid.domain.mandates import energy_text, price_text
from grid.market.models import Auction, Order, Side, Skip


@dataclass(frozen=True, slots=True)
class SlotResult:
    """What one point got in one slot: its order and fill, or why it had no order.

    Energy in Wh, `price` in micro-currency per kWh; both 0 without a fill.
    """

    slot: int
    point: str
    order: Order | None
    auction: Auction | None
    filled_wh: int
    words: str


def of_account(account: Account, *, from_slot: int, to_slot: int) -> list[SlotResult]:
    """Return an account's results in [from_slot, to_slot), newest first: orders and skips together."""
    currency = account.community.currency
    orders = Order.objects.filter(account=account, slot__gte=from_slot, slot__lt=to_slot)
    rows = list(orders.select_related("point", "fill"))
    slots = {order.slot for order in rows}
    zones = {order.zone_id for order in rows}
    auctions = {
        (auction.zone_id, auction.slot): auction for auction in Auction.objects.filter(zone__in=zones, slot__in=slots)
    }
    found = [_of_order(order, auctions.get((order.zone_id, order.slot)), currency) for order in rows]
    skips = Skip.objects.filter(mandate__account=account, slot__gte=from_slot, slot__lt=to_slot)
    found += [
        SlotResult(skip.slot, skip.point.name, None, None, 0, f"No order: {skip.get_code_display().lower()}.")
        for skip in skips.select_related("point")
    ]
    return sorted(found, key=lambda item: (-item.slot, item.point))


def _of_order(order: Order, auction: Auction | None, currency: str) -> SlotResult:
    fill = getattr(order, "fill", None)
    filled = fill.quantity_wh if fill else 0
    words = explain(order, auction, filled, currency)
    return SlotResult(order.slot, order.point.name, order, auction, filled, words)


def explain(order: Order, auction: Auction | None, filled_wh: int, currency: str) -> str:
    """Return an order's result in words: what was wished, what the price was, what became of it."""
    limit, asked = price_text(order.limit_price), energy_text(order.quantity_wh)
    buys = order.side == Side.BUY
    wish = (
        f"You asked for {asked} kWh at {limit} {currency} per kWh or less."
        if buys
        else f"You offered {asked} kWh at {limit} {currency} per kWh or more."
    )
    if auction is None:
        return f"{wish} The auction has not been held."
    price = price_text(auction.price)
    if filled_wh:
        verb = "bought" if buys else "sold"
        rest = order.quantity_wh - filled_wh
        left = f"; for {energy_text(rest)} kWh there was no {'seller' if buys else 'buyer'} left" if rest else ""
        return f"{wish} The price was {price}: {energy_text(filled_wh)} kWh {verb}{left}."
    beyond = order.limit_price < auction.price if buys else order.limit_price > auction.price
    if beyond:
        return f"{wish} The price was {price}, {'above' if buys else 'below'} your limit."
    if not auction.volume_wh:
        return f"{wish} Nobody {'sold' if buys else 'bought'} at such a price."
    return f"{wish} The price was {price}, but orders before yours took all there was."


def of_zone(zone: Zone, *, from_slot: int, to_slot: int) -> list[Auction]:
    """Return a zone's auctions in [from_slot, to_slot) by slot: price, volume and the signal behind them."""
    rows = Auction.objects.filter(zone=zone, slot__gte=from_slot, slot__lt=to_slot)
    return list(rows.select_related("signal").order_by("slot"))


@dataclass(frozen=True, slots=True)
class ZoneSummary:
    """A zone's trade over some slots: energy in Wh, mean price weighted by energy (micro-currency per kWh)."""

    auctions: int
    volume_wh: int
    mean_price: int | None


def summary(zone: Zone, *, from_slot: int, to_slot: int) -> ZoneSummary:
    """Return the zone's trade in [from_slot, to_slot)."""
    auctions = of_zone(zone, from_slot=from_slot, to_slot=to_slot)
    volume = sum(auction.volume_wh for auction in auctions)
    value = sum(auction.volume_wh * auction.price for auction in auctions)
    return ZoneSummary(len(auctions), volume, value // volume if volume else None)
