"""Cover: the most an order can cost its owner, reserved at acceptance (PROTOCOL §4).

A fill is firm. What its owner did not deliver or use flips to the supplier's other tariff, so the worst
case of an order is known when it is accepted. Local energy is allocated only up to reserved cover.
"""

from grid.domain.units import MILLI, PricePerKWh, Rounding, TokenAmount, WattHours, mul_div


def buy_cover(*, quantity: WattHours, limit: PricePerKWh, fee: PricePerKWh, lowest_export: PricePerKWh) -> TokenAmount:
    """Return the cover of a buy order in token units, rounded up; never below zero.

    `quantity * (limit + fee + max(0, -lowest export price))`: the energy is paid at no more than the limit
    plus the grid fee, and if none of it is used it is exported at the supplier's export price, which
    can be negative. 1,500 Wh at 0.14 + 0.03 per kWh are 0.255.
    """
    return _cover(quantity, limit + fee + max(0, -lowest_export))


def sell_cover(*, quantity: WattHours, limit: PricePerKWh, import_price: PricePerKWh) -> TokenAmount:
    """Return the cover of an ex_ante sell order in token units, rounded up; never below zero.

    `quantity * (import price + max(0, -limit))`: a seller who delivers nothing buys what was sold from the
    supplier, and a negative limit lets the price be one that the seller pays.
    """
    return _cover(quantity, import_price + max(0, -limit))


def _cover(quantity: WattHours, price: int) -> TokenAmount:
    if quantity <= 0:
        raise ValueError(f"quantity is {quantity} Wh; it must be positive")
    return TokenAmount(max(0, mul_div(quantity, price, MILLI, Rounding.UP)))
