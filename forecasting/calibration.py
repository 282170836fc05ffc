"""Quantiles from the errors of held-back days (split conformal prediction)."""

import numpy as np

from forecasting.timeline import FloatArray

WINDOW_HOURS = 1.5


def _ranked(sorted_errors: FloatArray, quantile: float, count: FloatArray) -> FloatArray:
    """The conformal quantile of the first `count` sorted errors along axis 0: rank (n + 1) q, outward."""
    rank = (count + 1) * quantile
    if quantile < 0.5:
        position = np.floor(rank) - 1
    elif quantile > 0.5:
        position = np.ceil(rank) - 1
    else:
        position = np.round(rank) - 1
    position = np.clip(position, 0, np.maximum(count - 1, 0)).astype(int)
    return np.take_along_axis(sorted_errors, position[None], axis=0)[0]


def offsets(errors: FloatArray, quantiles: tuple[float, ...]) -> FloatArray:
    """What to add to a forecast to get its quantiles, by time of day: (quantiles, slots, series).

    `errors` is (held-back days, slots, series), measured minus forecast, NaN where not measured. Each
    slot of the day learns from the errors within `WINDOW_HOURS` of it, on all held-back days.
    A slot of the day without any error gets NaN.
    """
    slots = errors.shape[1]
    reach = max(1, round(WINDOW_HOURS * slots / 24))
    window = np.concatenate([np.roll(errors, shift, axis=1) for shift in range(-reach, reach + 1)])
    ordered = np.sort(window, axis=0)
    count = (~np.isnan(ordered)).sum(axis=0)
    result = np.stack([_ranked(ordered, quantile, count) for quantile in quantiles])
    result[:, count == 0] = np.nan
    return result
