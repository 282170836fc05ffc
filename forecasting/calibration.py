"""Quantiles from the errors of held-back days (split conformal prediction)."""

import numpy as np

from forecasting.arrays import FloatArray

WINDOW_HOURS = 1.5
MEDIAN_WEIGHT = 0.5  # the median of few held-back days is itself noisy: go half-way to it


def offsets(errors: FloatArray, quantiles: tuple[float, ...]) -> FloatArray:
    """What to add to a forecast to get its quantiles, by time of day: (quantiles, slots, series).

    `errors` is (held-back days, slots, series), measured minus forecast, NaN where not measured. Each
    slot of the day learns from the errors within `WINDOW_HOURS` of it on all held-back days; the outer
    quantiles take the conformal rank (n + 1) q, rounded outward, so that few days give wide bands.
    A slot of the day without any error gets NaN.
    """
    slots = errors.shape[1]
    reach = max(1, round(WINDOW_HOURS * slots / 24))
    window = np.concatenate([np.roll(errors, shift, axis=1) for shift in range(-reach, reach + 1)])
    ordered = np.sort(window, axis=0)  # NaN sorts last
    count = (~np.isnan(ordered)).sum(axis=0)
    result = np.empty((len(quantiles), *count.shape))
    for row, quantile in enumerate(quantiles):
        rank = (count + 1) * quantile
        rounded = np.round(rank) if quantile == 0.5 else np.floor(rank) if quantile < 0.5 else np.ceil(rank)
        position = np.clip(rounded - 1, 0, np.maximum(count - 1, 0)).astype(int)
        result[row] = np.take_along_axis(ordered, position[None], axis=0)[0]
        if quantile == 0.5:
            result[row] *= MEDIAN_WEIGHT
    result[:, count == 0] = np.nan
    return result
