"""How much energy a firm order promises (PROTOCOL §3).

A fill is firm: who sold more than was made buys the rest at the supplier's import price, who bought more
than was used leaves the rest at the export price. With I and E for these two prices, P for the local price
and F for the grid fee, one Wh more is worth

    to a seller  P - E if it is made,    -(I - P) if it is not;
    to a buyer   I - (P + F) if used,    -(P + F - E) if it is not;

so the best quantity is the one that production, or use, stays below with the probability

    seller  (P - E) / (I - E)            buyer  (I - P - F) / (I - E).

With I 0.30, E 0.08 and P 0.15 a seller offers what is exceeded in 68 of 100 cases. This is the newsvendor's
quantile; for energy markets it is ascribed to Pinson et al. (2007), which nobody here has checked.

It is read between 3 and 5 in 10 only, that is from half-way between P10 and P50 up to P50. Below that next to
nothing was traded in trials: P10 of a roof in winter is often zero, and what a seller withholds no neighbour
can buy. Above P50 a promise is broken more often than kept: that may pay on average, but a mandate was not
signed to bet against the odds.
"""

from grid.domain.clearing import Side
from grid.domain.pricing import Outlook
from grid.domain.profile import SlotTariff
from grid.domain.units import PricePerKWh, WattHours


def expected_side(imported: Outlook, exported: Outlook) -> Side | None:
    """Return what a point does by the medians of its forecasts, or None where they are equal."""
    if imported.p50 == exported.p50:
        return None
    return Side.BUY if imported.p50 > exported.p50 else Side.SELL


def expected_price(side: Side, *, limit: PricePerKWh, signal: PricePerKWh) -> PricePerKWh:
    """Return the price to count with: the signal, or the limit where that is better for its owner."""
    return max(limit, signal) if side is Side.SELL else min(limit, signal)


def firm_quantity(
    side: Side, *, imported: Outlook, exported: Outlook, price: PricePerKWh, tariff: SlotTariff
) -> WattHours:
    """Return the energy to promise at a local price; 0 Wh where nothing is worth its risk.

    The quantile of the side's own series, less the other series' median, never below zero.
    """
    own, other = (imported, exported) if side is Side.BUY else (exported, imported)
    spread = tariff.import_price - tariff.export_price
    gain = tariff.import_price - tariff.fee_price - price if side is Side.BUY else price - tariff.export_price
    return WattHours(max(0, _quantile(own, gain, spread) - other.p50))


def _quantile(outlook: Outlook, numerator: int, denominator: int) -> int:
    """Return the energy at probability numerator / denominator, which is kept between 0.3 and 0.5.

    Linear between P10 and P50, rounded down. Where the supplier pays at least what it charges, a broken promise
    costs nothing: P50.
    """
    if denominator <= 0 or 2 * numerator >= denominator:
        return outlook.p50
    way = max(10 * numerator, 3 * denominator) - denominator
    return outlook.p10 + (outlook.p50 - outlook.p10) * way // (4 * denominator)
