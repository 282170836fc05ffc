"""How good a forecast was. Missing values count nowhere; no pair at all gives NaN."""

import numpy as np

from forecasting.arrays import FloatArray


def mae(actual: FloatArray, forecast: FloatArray) -> float:
    """Mean absolute error, in the unit of the series."""
    errors = np.abs(actual - forecast)
    return float(np.nanmean(errors)) if np.isfinite(errors).any() else float("nan")


def mase(actual: FloatArray, forecast: FloatArray, history: FloatArray, season: int) -> float:
    """Mean absolute error relative to the seasonal-naive error over `history` (Hyndman, Koehler 2006).

    `season` is the naive forecast's lag in slots, one week here. Below 1 is better than naive. NaN if
    the history repeats itself exactly or is shorter than a season.
    """
    if len(history) <= season:
        return float("nan")
    scale = mae(history[season:], history[:-season])
    return mae(actual, forecast) / scale if scale > 0 else float("nan")


def pinball(actual: FloatArray, forecast: FloatArray, quantile: float) -> float:
    """Mean pinball loss of one quantile, in the unit of the series."""
    error = actual - forecast
    loss = np.maximum(quantile * error, (quantile - 1) * error)
    return float(np.nanmean(loss)) if np.isfinite(loss).any() else float("nan")


def coverage(actual: FloatArray, low: FloatArray, high: FloatArray) -> float:
    """Share of the measured values inside [low, high]."""
    known = np.isfinite(actual) & np.isfinite(low) & np.isfinite(high)
    if not known.any():
        return float("nan")
    return float(np.mean((actual[known] >= low[known]) & (actual[known] <= high[known])))
