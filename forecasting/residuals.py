"""Second stage: correct the core model by what it got wrong yesterday and last week.

Days are counted backwards from the last known slot, so that every day of the history is a
pseudo-origin at the same time of day as the real one: a correction learns from exactly what the real
one will see. Arrays are (days, slots, series).
"""

import numpy as np

from forecasting.arrays import FloatArray

FEATURES = 6
RECENT_HOURS = 3  # how long the error of the last hours before the origin is felt
WEEK = 7
# Slots of one day are not independent observations, so the penalties are counted in days of history.
PENALTY_DAYS = 3.0  # towards no correction
POOL_DAYS = 5.0  # towards the common coefficients of all series


def by_day(values: FloatArray, slots_per_day: int) -> FloatArray:
    """Rows grouped into whole days that end at the last row: (days, slots, series)."""
    days = len(values) // slots_per_day
    return values[len(values) - days * slots_per_day :].reshape(days, slots_per_day, -1)


def shapes(core: FloatArray) -> FloatArray:
    """The core forecast of each day divided by its daily mean; zero where it forecasts nothing."""
    level = np.maximum(core, 0.0)
    mean = np.broadcast_to(level.mean(axis=1, keepdims=True), level.shape)
    result: FloatArray = np.divide(level, mean, out=np.zeros_like(level), where=mean > 0)
    return result


def _mean(values: FloatArray, axis: int) -> FloatArray:
    """Mean of what is known along `axis`, 0 where nothing is."""
    known = ~np.isnan(values)
    count = known.sum(axis=axis)
    total = np.where(known, values, 0.0).sum(axis=axis)
    result: FloatArray = np.divide(total, count, out=np.zeros_like(total), where=count > 0)
    return result


def lag_features(errors: FloatArray, shape: FloatArray, lead_day: int, origin: int) -> FloatArray:
    """What the days before day `origin` say about the day `lead_day` days after the last of them.

    `errors` are the core model's, NaN where the reading is missing; `shape` is the target day's
    (slots, series). A missing error enters as 0, "no correction", never as a guess of the reading.
    Returns (FEATURES, slots, series): error at the same time of the last day, of the same weekday and
    of the mean week; mean error of the last day and of the week, spread in the day's shape; and the
    error of the last hours, fading with the lead.
    """
    last = errors[origin - 1]
    week = errors[max(0, origin - WEEK) : origin]
    same_weekday = origin + lead_day - 1 - WEEK
    hours = (np.arange(len(last)) + 0.5) * 24 / len(last) + 24 * (lead_day - 1)
    recent = _mean(last[-max(1, len(last) * RECENT_HOURS // 24) :], axis=0)
    return np.stack(
        [
            np.nan_to_num(last),
            np.nan_to_num(errors[same_weekday]) if 0 <= same_weekday < origin else np.zeros_like(last),
            _mean(week, axis=0),
            shape * _mean(last, axis=0),
            shape * _mean(week.reshape(-1, week.shape[2]), axis=0),
            np.exp(-hours / RECENT_HOURS)[:, None] * recent,
        ]
    )


class Correction:
    """Ridge coefficients per series for one lead day, drawn towards those of all series together."""

    def __init__(self, errors: FloatArray, day_shapes: FloatArray, lead_day: int, scale: FloatArray) -> None:
        """Learn from every day of `errors` that has a week before it.

        `scale` (series) is the typical size of each series' error; it makes the series comparable.
        """
        self.lead_day = lead_day
        slots, series = errors.shape[1:]
        gram = np.zeros((series, FEATURES, FEATURES))
        moment = np.zeros((series, FEATURES, 1))
        for day in range(WEEK + lead_day, len(errors)):
            truth = errors[day] / scale
            known = ~np.isnan(truth)
            inputs = lag_features(errors, day_shapes[day], lead_day, day - lead_day + 1) / scale
            inputs = np.where(known, inputs, 0.0).transpose(2, 0, 1)
            gram += inputs @ inputs.transpose(0, 2, 1)
            moment += inputs @ np.where(known, truth, 0.0).T[:, :, None]
        unit = np.eye(FEATURES) * slots
        common = np.linalg.solve(gram.mean(axis=0) + PENALTY_DAYS * unit, moment.mean(axis=0))
        pull = POOL_DAYS * unit
        self.coefficients = np.linalg.solve(gram + pull, moment + pull @ common)[:, :, 0]

    def apply(self, errors: FloatArray, shape: FloatArray, origin: int) -> FloatArray:
        """What to add to the core forecast of the day `lead_day` days after day `origin - 1`."""
        inputs = lag_features(errors, shape, self.lead_day, origin)
        correction: FloatArray = np.einsum("fts,sf->ts", inputs, self.coefficients)
        return correction
