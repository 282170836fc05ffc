"""Prophet as the core model, solved in closed form for every series of one time grid at once.

A Prophet with flat trend and additive terms only has Gaussian priors on all its coefficients, so its
MAP estimate is a ridge regression whose penalty depends on the noise level. The design matrix comes
from Prophet itself and is the same for every series of a zone: it is factorised per pattern of missing
slots, and each further series costs one small solve.
"""

import logging
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from forecasting.arrays import BoolArray, FloatArray, IndexArray
from forecasting.config import Config

if TYPE_CHECKING:
    from prophet import Prophet

OFFSET_PRIOR = 5.0  # prophet.stan: m ~ normal(0, 5)
NOISE_PRIOR = 0.5  # prophet.stan: sigma_obs ~ normal(0, 0.5)
YEARLY_FROM_DAYS = 400
FOLDS = 5


def new_prophet(config: Config, history_days: float) -> "Prophet":
    """An unfitted Prophet: flat trend, daily shape per day type, week, year if seen once, and the sun."""
    # Prophet announces at import that plotting extras are absent; nothing here plots.
    logging.getLogger("prophet.plot").setLevel(logging.CRITICAL)
    from prophet import Prophet

    model = Prophet(
        growth="flat",
        n_changepoints=0,
        daily_seasonality=False,
        weekly_seasonality=False,
        yearly_seasonality=False,
        uncertainty_samples=0,
    )
    model.add_seasonality("daily", period=1, fourier_order=8)
    model.add_seasonality("saturday", period=1, fourier_order=4, condition_name="is_saturday")
    model.add_seasonality("sunday", period=1, fourier_order=4, condition_name="is_sunday")
    model.add_seasonality("weekly", period=7, fourier_order=3)
    if history_days >= YEARLY_FROM_DAYS:
        model.add_seasonality("yearly", period=365.25, fourier_order=5)
    for name in ("sun", "sun_east", "sun_high"):
        model.add_regressor(name, standardize=False)
    return model


def noise_variance(squares: float, rows: int) -> float:
    """The noise variance that maximises Prophet's posterior for a given sum of squared residuals.

    Setting the derivative of  rows*log(s) + squares/(2 s^2) + s^2/(2*0.5^2)  to zero gives
    s^4/0.25 + rows*s^2 - squares = 0; this is its positive root, written without cancellation.
    """
    return max(2 * squares / (rows + sqrt(rows**2 + 4 * squares / NOISE_PRIOR**2)), 1e-12)


def solve(
    gram: FloatArray, moment: FloatArray, power: float, rows: int, priors: FloatArray
) -> tuple[FloatArray, float]:
    """MAP coefficients and noise level from A'A, A'y and y'y of `rows` observations.

    Two passes: the first with the data's own variance as noise, the second with the first's residuals.
    """
    variance = max(power / rows, 1e-12)
    for _ in range(2):
        found = np.linalg.solve(gram + np.diag(variance / priors**2), moment)
        squares = power - 2 * found @ moment + found @ gram @ found
        variance = noise_variance(max(float(squares), 0.0), rows)
    return np.asarray(found, dtype="float64"), sqrt(variance)


def fit_closed_form(model: "Prophet", frame: pd.DataFrame) -> "Prophet":
    """Fit an unfitted flat, additive Prophet to `frame` (ds, y and its regressors) without Stan.

    The result is an ordinary fitted Prophet: predict, components and serialisation work.
    Raises ValueError if the model has a trend or multiplicative terms, where no closed form exists.
    """
    inputs = model.preprocess(frame)
    if model.growth != "flat" or np.any(inputs.s_m):
        raise ValueError("the closed form needs growth='flat' and additive terms only")
    design = np.column_stack([np.ones(inputs.T), np.asarray(inputs.X, dtype="float64")])
    priors = np.array([OFFSET_PRIOR, *inputs.sigmas])
    target = np.asarray(inputs.y, dtype="float64")
    coefficients, noise = solve(design.T @ design, design.T @ target, float(target @ target), len(target), priors)
    model.params = {
        "k": np.zeros((1, 1)),
        "m": coefficients[:1].reshape(1, 1),
        "delta": np.zeros((1, 1)),
        "beta": coefficients[1:].reshape(1, -1),
        "sigma_obs": np.full((1, 1), noise),
    }
    return model


class SharedCore:
    """Prophet's design matrix of one time grid, and the fits of many series on it.

    `features` holds one row per slot of history and horizon (see `timeline.features`).
    """

    def __init__(self, features: pd.DataFrame, history_rows: int, config: Config) -> None:
        days = history_rows / config.slots_per_day
        model = new_prophet(config, days)
        # Only the model's own bookkeeping is wanted here, so one day of a placeholder series is enough.
        model.preprocess(features.head(config.slots_per_day).assign(y=1.0))
        columns, priors, _, _ = model.make_all_seasonality_features(features)
        self.design = np.column_stack([np.ones(len(features)), columns.to_numpy(dtype="float64")])
        self.priors = np.array([OFFSET_PRIOR, *priors])

    def fit_predict(self, values: FloatArray, rows: IndexArray) -> FloatArray:
        """Fit each column of `values` (NaN = missing) on the slots `rows`; predict every slot.

        Returns an array (slots of the design, series) in the unit of `values`.
        """
        design = self.design[rows]
        known = ~np.isnan(values[rows])
        full = design.T @ design
        grams: dict[bytes, FloatArray] = {}
        coefficients = np.zeros((design.shape[1], values.shape[1]))
        for column in range(values.shape[1]):
            mask: BoolArray = known[:, column]
            key = mask.tobytes()
            if key not in grams:
                missing = design[~mask]
                grams[key] = full - missing.T @ missing
            target = np.where(mask, values[rows, column], 0.0)
            scale = float(np.abs(target).max()) or 1.0
            target = target / scale
            fitted, _ = solve(
                grams[key], design.T @ target, float(target @ target), max(1, int(mask.sum())), self.priors
            )
            coefficients[:, column] = fitted * scale
        return self.design @ coefficients

    def out_of_fold(self, values: FloatArray, rows: int) -> FloatArray:
        """Predictions of the first `rows` slots, each by a fit that has not seen its part of the time.

        In-sample errors look smaller and less lasting than those of a real forecast.
        """
        every = np.arange(rows)
        result = np.empty((rows, values.shape[1]))
        for fold in np.array_split(every, FOLDS):
            result[fold] = self.fit_predict(values, np.setdiff1d(every, fold))[fold]
        return result
