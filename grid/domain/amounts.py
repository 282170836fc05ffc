"""The one formula that turns energy and prices into money, for both market modes (PROTOCOL §2).

    T = sold*local - bought*(local + fee) + residual
    residual = -ri*import + re*export,  ri = imported - bought,  re = exported - sold

A negative `ri` or `re` flips to the other tariff with its magnitude: who bought 3 kWh and used 2 has
1 kWh left, which the supplier takes at the export price. T is in thousandths of a token unit (Wh times
micro-currency per kWh); a line's amount is floor(T / 1000), so that dust is never negative.
"""

from typing import NamedTuple

from grid.domain.units import MILLI, MilliAmount, PricePerKWh, TokenAmount, WattHours, floor_div


class Prices(NamedTuple):
    """Prices of one slot in micro-currency per kWh; all but the fee may be negative."""

    local: PricePerKWh
    fee: PricePerKWh
    import_: PricePerKWh
    export: PricePerKWh


class Quantities(NamedTuple):
    """Energy of one point in one slot in Wh: metered at the point, and traded in the local market."""

    imported: WattHours
    exported: WattHours
    bought: WattHours
    sold: WattHours


def local_milli(energy: Quantities, prices: Prices) -> MilliAmount:
    """Return what the local trade brings (positive) or costs, without the fee."""
    return MilliAmount((energy.sold - energy.bought) * prices.local)


def fee_milli(energy: Quantities, prices: Prices) -> MilliAmount:
    """Return the local fee that the buyer pays: never negative for a fee that is not."""
    return MilliAmount(energy.bought * prices.fee)


def residual_milli(energy: Quantities, prices: Prices) -> MilliAmount:
    """Return what the supplier pays (positive) or takes for the energy that was not traded locally."""
    used = energy.imported - energy.bought
    given = energy.exported - energy.sold
    cost = used * (prices.import_ if used >= 0 else prices.export)
    gain = given * (prices.export if given >= 0 else prices.import_)
    return MilliAmount(gain - cost)


def line_milli(energy: Quantities, prices: Prices) -> MilliAmount:
    """Return T of a line: local trade less fee plus residual, exact."""
    return MilliAmount(local_milli(energy, prices) - fee_milli(energy, prices) + residual_milli(energy, prices))


def line_amount(energy: Quantities, prices: Prices) -> TokenAmount:
    """Return the amount of a line in token units: floor(T / 1000), toward minus infinity."""
    return TokenAmount(floor_div(line_milli(energy, prices), MILLI))


def mismatch_quantities(mismatch_wh: int) -> Quantities:
    """Return the quantities of the balancing account, which stands in for what a slot's lines lack.

    `mismatch_wh` is sold minus bought over all lines. Where more was sold than bought the balancing
    account buys the rest; where more was bought it sells it. It meters nothing, so that the supplier
    takes or gives that energy at the slot's tariff (PROTOCOL §2).
    """
    return Quantities(WattHours(0), WattHours(0), WattHours(max(0, mismatch_wh)), WattHours(max(0, -mismatch_wh)))
