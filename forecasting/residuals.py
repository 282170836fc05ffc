"""Second stage: correct the core model by what it got wrong yesterday and last week.

Days are counted backwards from the last known slot, so that row i of every array is one pseudo-origin
at the same time of day as the real one, and a correction sees exactly what the real one will see.
"""

import numpy as np

from forecasting.timeline import FloatArray

FEATURES = 6
POOL_DAYS = 10.0  # weight of the mean coefficients of all series, in days of history
RECENT_HOURS = 3  # the last hours before the origin, whose error fades over the first lead hours


def by_day(values: FloatArray, slots_per_day: int) -> FloatArray:
    """Rows grouped into whole days that end at the last row: (days, slots, series)."""
    days = len(values) // slots_per_day
    return values[len(values) - days * slots_per_day :].reshape(days, slots_per_day, -1)


def _mean(values: FloatArray, axis: int) -> FloatArray:
    """Mean of what is known along `axis`, 0 where nothing is."""
    known = ~np.isnan(values)
    count = known.sum(axis=axis, keepdims=True)
    total = np.where(known, values, 0.0).sum(axis=axis, keepdims=True)
    return np.divide(total, count, out=np.zeros_like(total), where=count > 0)


def lag_features(errors: FloatArray, lead_day: int, origin: int) -> FloatArray:
    """Features of the day that lies `lead_day` days after the days before `origin`.

    `errors` is (days, slots, series), the core model's errors, NaN where the reading is missing. Only
    days before `origin` are read. A missing error corrects nothing: it enters as 0, never as a guess
    of the reading. Returns (FEATURES, slots, series).
    """
    slots = errors.shape[1]
    last = errors[origin - 1]
    same_weekday = origin + lead_day - 1 - 7
    week = errors[same_weekday] if 0 <= same_weekday < origin else np.full_like(last, np.nan)
    recent = _mean(last[-max(1, slots * RECENT_HOURS // 24) :], axis=0)
    hours = (np.arange(slots) + 0.5) * 24 / slots + 24 * (lead_day - 1)
    fade = np.exp(-hours / RECENT_HOURS)[:, None]
    parts = [
        np.nan_to_num(last),
        np.nan_to_num(week),
        _mean(errors[max(0, origin - 7) : origin], axis=0)[0],
        np.broadcast_to(_mean(last, axis=0), last.shape),
        np.broadcast_to(_mean(errors[max(0, origin - 7) : origin].reshape(-1, errors.shape[2]), axis=0), last.shape),
        fade * recent,
    ]
    return np.stack(parts)


class Correction:
    """Ridge coefficients per series and lead day, drawn towards the mean of all series."""

    def __init__(self, errors: FloatArray, lead_day: int, last_day: int, scale: FloatArray) -> None:
        """Learn from the days before `last_day` of `errors` (days, slots, series).

        `scale` (series) is the typical size of each series' error; it makes the series comparable.
        """
        self.lead_day = lead_day
        series = errors.shape[2]
        gram = np.zeros((series, FEATURES, FEATURES))
        moment = np.zeros((series, FEATURES))
        days = 0
        for target in range(7 + lead_day, last_day):
            inputs = lag_features(errors, lead_day, target - lead_day + 1) / scale
            truth = errors[target] / scale
            known = ~np.isnan(truth)
            inputs = np.where(known, inputs, 0.0).transpose(2, 0, 1)
            gram += inputs @ inputs.transpose(0, 2, 1)
            moment += (inputs @ np.where(known, truth, 0.0).T[:, :, None])[:, :, 0]
            days += 1
        slots = errors.shape[1]
        own = np.eye(FEATURES) * (0.01 * slots + 1e-9)
        pooled = np.linalg.solve(gram.mean(axis=0) + own, moment.mean(axis=0))
        pull = np.eye(FEATURES) * POOL_DAYS * slots * 0.1
        self.coefficients = np.linalg.solve(gram + pull, (moment + pull @ pooled)[:, :, None])[:, :, 0]

    def apply(self, errors: FloatArray, origin: int) -> FloatArray:
        """The correction, to be added to the core model's forecast: (slots, series)."""
        inputs = lag_features(errors, self.lead_day, origin)
        return np.einsum("fts,sf->ts", inputs, self.coefficients)
