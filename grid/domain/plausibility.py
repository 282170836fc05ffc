"""What metered energy cannot be: the physics of a connection, of a roof, and of a feeder (PROTOCOL §5, holds)."""

from grid.domain.slots import SLOT_SECONDS
from grid.domain.units import Rounding, mul_div

HOUR_SECONDS = 3600

PV_MARGIN_PERMILLE = 1100
"""Cloud edges and cold modules lift a quarter hour above the rated peak by less than a tenth."""


def carried_wh(watts: int) -> int:
    """Return the energy in Wh that a constant power carries in one slot, rounded up."""
    return mul_div(watts, SLOT_SECONDS, HOUR_SECONDS, Rounding.UP)


def import_limit_wh(fuse_w: int) -> int:
    """Return the most a connection can draw in one slot."""
    return carried_wh(fuse_w)


def export_limit_wh(fuse_w: int, pv_peak_w: int) -> int:
    """Return the most a member's connection can feed in: what fuse and roof both allow; none without a roof."""
    return carried_wh(min(fuse_w, mul_div(pv_peak_w, PV_MARGIN_PERMILLE, 1000, Rounding.UP)))


def balance_tolerance_wh(throughput_wh: int, *, fixed_wh: int, permille: int) -> int:
    """Return how far members and feeder may differ: a fixed part for rounding, a share for losses."""
    return fixed_wh + mul_div(throughput_wh, permille, 1000, Rounding.UP)
