"""The fallback that always says it is one: last week's value, else the last day's."""

import numpy as np

from forecasting.timeline import FloatArray


def seasonal_naive(
    history: FloatArray, leads: FloatArray, slots_per_day: int, quantiles: tuple[float, ...]
) -> FloatArray | None:
    """Quantiles (quantiles, horizon) for the slots `leads` steps after the history's last row.

    Every value is a real measurement of the same time of day: one week back, else the latest day, else
    two weeks back. The spread is that of the same rule over the history; with less than two days to
    compare, the extremes of the history. None if some slot of the day has no measurement to stand on.
    """
    week = 7 * slots_per_day
    rows = len(history) + leads.astype(int) - 1
    days_ahead = (rows - len(history)) // slots_per_day + 1
    ahead = days_ahead * slots_per_day
    weekly = np.maximum(ahead, week)
    middle = np.full(len(rows), np.nan)
    for lag in (weekly, ahead, ahead + slots_per_day, 2 * week + 0 * ahead):
        source = rows - lag
        usable = np.isnan(middle) & (source >= 0) & (source < len(history))
        middle[usable] = history[source[usable]]
    if np.isnan(middle).any():
        return None
    season = week if len(history) > week + slots_per_day else slots_per_day
    changes = history[season:] - history[:-season]
    changes = changes[np.isfinite(changes)]
    if len(changes) < slots_per_day:
        low, high = float(np.nanmin(history)), float(np.nanmax(history))
        return np.stack([np.clip(middle, low, high) if q == 0.5 else np.full(len(rows), low if q < 0.5 else high) for q in quantiles])
    spread = {q: 0.0 if q == 0.5 else float(np.quantile(changes, q)) for q in quantiles}
    return np.stack([middle + spread[q] for q in quantiles])
