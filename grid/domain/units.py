"""Units of energy, price and money, and the only two ways to divide them.

Energy is whole watt-hours, price whole micro-currency per kWh, money whole token base units
(6 decimals). One Wh at one micro-currency per kWh is a thousandth of a token unit: such exact
products are `MilliAmount`, and become money in one place by `floor_div(x, MILLI)`.
"""

from enum import Enum
from typing import NewType

WattHours = NewType("WattHours", int)
PricePerKWh = NewType("PricePerKWh", int)
TokenAmount = NewType("TokenAmount", int)
MilliAmount = NewType("MilliAmount", int)

MILLI = 1000
"""Thousandths of a token unit in a token unit: Wh times micro-currency per kWh."""


class Rounding(Enum):
    """How the magnitude of a quotient is rounded; the sign is put back afterwards."""

    DOWN = "down"
    UP = "up"
    HALF_UP = "half_up"


def mul_div(a: int, b: int, divisor: int, rounding: Rounding) -> int:
    """Return `a * b / divisor`, rounded on magnitudes as `rounding` says, sign applied afterwards.

    Python's `//` floors and Solidity truncates; on magnitudes both do the same.
    Raises ZeroDivisionError for a divisor of 0.
    """
    product = a * b
    negative = (product < 0) != (divisor < 0)
    quotient, remainder = divmod(abs(product), abs(divisor))
    up = (rounding is Rounding.UP and remainder > 0) or (rounding is Rounding.HALF_UP and 2 * remainder >= abs(divisor))
    magnitude = quotient + 1 if up else quotient
    return -magnitude if negative else magnitude


def floor_div(a: int, b: int) -> int:
    """Return `a / b` rounded toward minus infinity (PROTOCOL §2; `floorDiv` in the contracts).

    7 // 2 is 3, and -7 // 2 is -4. Raises ZeroDivisionError for b = 0.
    """
    return a // b
