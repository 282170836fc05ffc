"""The fallback that always says it is one: last week's value, else the last day's."""

import numpy as np

from forecasting.arrays import FloatArray

LOOK_BACK_DAYS = 14


def seasonal_naive(
    history: FloatArray, leads: FloatArray, slots_per_day: int, quantiles: tuple[float, ...]
) -> FloatArray | None:
    """Quantiles (quantiles, horizon) for the slots `leads` steps after the history's last row.

    Every value is a real measurement of the same time of day: one week back, else the latest day that
    has one. The spread is that of the same rule over the history; with less than two days to
    compare, the extremes of the history. None if some slot of the day has no measurement to stand on.
    """
    week = 7 * slots_per_day
    rows = len(history) + leads.astype(int) - 1
    ahead = ((leads.astype(int) - 1) // slots_per_day + 1) * slots_per_day
    middle = np.full(len(rows), np.nan)
    for lag in (np.maximum(ahead, week), *(ahead + day * slots_per_day for day in range(LOOK_BACK_DAYS))):
        source = rows - lag
        usable = np.isnan(middle) & (source >= 0)
        middle[usable] = history[source[usable]]
    if np.isnan(middle).any():
        return None
    season = week if len(history) > week + slots_per_day else slots_per_day
    changes = history[season:] - history[:-season]
    changes = changes[np.isfinite(changes)]
    if len(changes) < slots_per_day:
        low, high = np.nanmin(history), np.nanmax(history)
        return np.stack([middle if q == 0.5 else np.full(len(rows), low if q < 0.5 else high) for q in quantiles])
    return np.stack([middle if q == 0.5 else middle + np.quantile(changes, q) for q in quantiles])
