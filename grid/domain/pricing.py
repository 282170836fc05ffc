"""Local prices from forecast supply and demand: exact integers, bounded by the supplier's tariff.

Prices are micro-currency per kWh, quantities Wh. `supply` is the zone's surplus that local buyers
could take, `demand` the deficit they have; the supplier takes and gives the rest.

Bounds. A seller can always get `low` (the supplier's export price) and a buyer can always pay `high`
(the supplier's import price less the local grid fee), so between them nobody loses by trading. The
published signal is the *sell* price, rounded down; the buy price is a blended figure for display,
rounded up, so that what buyers are shown covers what sellers are shown.
"""

from dataclasses import dataclass
from enum import StrEnum

from grid.domain.units import PricePerKWh, WattHours


class PriceRule(StrEnum):
    """How a local price is found. The values stand in decision records."""

    SDR = "sdr"
    MMR = "mmr"
    FIXED = "fixed"


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the supplier pays for a kWh (`low`) and what a local kWh may cost before the fee (`high`)."""

    low: PricePerKWh
    high: PricePerKWh

    @property
    def inverted(self) -> bool:
        """Whether the supplier pays more for a kWh than a local buyer could: then no trade helps both."""
        return self.low > self.high


@dataclass(frozen=True, slots=True)
class LocalPrice:
    """Sell price (the signal) and buy price (for display)."""

    sell: PricePerKWh
    buy: PricePerKWh


@dataclass(frozen=True, slots=True)
class PriceBand:
    """The signal if supply and demand come out as forecast, and over their likely range."""

    low: PricePerKWh
    price: LocalPrice
    high: PricePerKWh


def bounds(import_price: int, export_price: int, fee_price: int) -> Bounds:
    """The room for local prices that a tariff leaves."""
    return Bounds(PricePerKWh(export_price), PricePerKWh(import_price - fee_price))


def _ceil_div(a: int, b: int) -> int:
    return -(-a // b)


def _check(supply: int, demand: int) -> None:
    if supply < 0 or demand < 0:
        raise ValueError(f"supply {supply} Wh and demand {demand} Wh must not be negative")


def sdr_price(supply: int, demand: int, within: Bounds) -> LocalPrice:
    """Supply/demand ratio price (Liu et al. 2017; Zhou, Wu, Long 2018, appendix B).

    With S supply, D demand, e = low, r = high and S <= D:
        sell = r e / ((r - e) S/D + e),   buy = sell S/D + r (1 - S/D);   S > D: both e.
    Everyday numbers: r 14.57, e 5.03, S 3, D 4 gives sell 6.0145 and buy 8.15.

    Defined everywhere: no supply gives r; no demand gives e; neither gives sell e, buy r, what the
    supplier pays and takes. The formula divides by zero or leaves the bounds once e <= 0; there the
    straight line from r (no supply) to e (S = D) takes its place. Inverted bounds give e for both: a
    seller is never told less than the supplier pays.
    Raises ValueError on negative quantities.
    """
    _check(supply, demand)
    low, high = within.low, within.high
    if within.inverted or supply > demand or (supply == demand and demand > 0):
        return LocalPrice(low, low)
    if demand == 0:
        return LocalPrice(low, high)
    if low > 0:
        numerator, denominator = high * low * demand, (high - low) * supply + low * demand
    else:
        numerator, denominator = high * demand - (high - low) * supply, demand
    sell = numerator // denominator
    buy = _ceil_div(numerator * supply + high * (demand - supply) * denominator, denominator * demand)
    return LocalPrice(PricePerKWh(sell), PricePerKWh(buy))


def mmr_price(supply: int, demand: int, within: Bounds) -> LocalPrice:
    """Mid-market rate: local energy at (r + e)/2, the supplier's rest shared over the larger side.

    Defined everywhere: with neither supply nor demand both are the middle; inverted bounds give e.
    Raises ValueError on negative quantities.
    """
    _check(supply, demand)
    low, high = within.low, within.high
    if within.inverted:
        return LocalPrice(low, low)
    twice = low + high
    sell, buy = twice // 2, _ceil_div(twice, 2)
    if demand > supply:
        buy = _ceil_div(twice * supply + 2 * high * (demand - supply), 2 * demand)
    elif supply > demand:
        sell = (twice * demand + 2 * low * (supply - demand)) // (2 * supply)
    return LocalPrice(PricePerKWh(sell), PricePerKWh(buy))


def fixed_price(price: int, within: Bounds) -> LocalPrice:
    """A price set by the community, moved to the nearer bound if it lies outside; inverted bounds give e."""
    capped = PricePerKWh(max(within.low, min(within.high, price)))
    return LocalPrice(capped, capped)


def local_price(rule: PriceRule, *, supply: int, demand: int, within: Bounds, fixed: int = 0) -> LocalPrice:
    """The price by a profile's rule; `fixed` is read by the fixed rule only."""
    if rule is PriceRule.SDR:
        return sdr_price(supply, demand, within)
    if rule is PriceRule.MMR:
        return mmr_price(supply, demand, within)
    return fixed_price(fixed, within)


@dataclass(frozen=True, slots=True)
class Outlook:
    """Forecast energy of a zone and slot: P10, P50 and P90, Wh."""

    p10: WattHours
    p50: WattHours
    p90: WattHours


def price_band(rule: PriceRule, *, supply: Outlook, demand: Outlook, within: Bounds, fixed: int = 0) -> PriceBand:
    """The price from the medians, and its range: cheap if supply is high and demand low, dear if not."""

    def at(supplied: int, demanded: int) -> LocalPrice:
        return local_price(rule, supply=supplied, demand=demanded, within=within, fixed=fixed)

    price = at(supply.p50, demand.p50)
    cheap, dear = at(supply.p90, demand.p10).sell, at(supply.p10, demand.p90).sell
    return PriceBand(PricePerKWh(min(cheap, price.sell)), price, PricePerKWh(max(dear, price.sell)))
