"""History in, quantiles out: Prophet core, correction by lagged errors, conformal quantiles, fallback."""

import logging
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pandas as pd

from forecasting.arrays import FloatArray
from forecasting.calibration import offsets
from forecasting.config import QUANTILES, Config
from forecasting.core import SharedCore
from forecasting.naive import seasonal_naive
from forecasting.residuals import Correction, by_day, shapes
from forecasting.timeline import features, on_grid

log = logging.getLogger(__name__)

MODEL = "prophet-ridge-1"
NAIVE = "seasonal-naive-1"
REFUSED = "refused"
COLUMNS = ("p10", "p50", "p90")


class Reason(StrEnum):
    """Why a series was not forecast by the model. The values are stable."""

    NO_HISTORY = "no_history"
    NEGATIVE_VALUES = "negative_values"
    TOO_SHORT = "history_too_short"
    TOO_MUCH_MISSING = "too_much_missing"
    MODEL_FAILED = "model_failed"
    NO_REFERENCE = "no_reference_slot"


@dataclass(frozen=True)
class SeriesForecast:
    """One series' forecast. `quantiles` is empty exactly if `model` is "refused"."""

    quantiles: pd.DataFrame
    model: str
    reason: Reason | None
    missing_share: float
    history_days: float


def forecast(history: pd.DataFrame, future: pd.DatetimeIndex, config: Config) -> dict[str, SeriesForecast]:
    """Forecast every column of `history` for the slots of `future`, as P10, P50 and P90.

    `history` has one column per series (energy per slot, NaN or an absent row = missing) and, like
    `future`, a sorted UTC index of slot starts on the step of `config`. All series share one design
    matrix, so a whole zone costs little more than one series. Deterministic: the same input gives the
    same output. Missing values are left out, never filled; a series with too many of them is answered
    by seasonal naive or refused, with a reason, and does not disturb the others.

    Raises timeline.HistoryError if the time grid itself is unusable.
    """
    frame = on_grid(history, future, config)
    measured = np.flatnonzero(frame.notna().any(axis=1).to_numpy())
    frame = frame.iloc[: measured[-1] + 1] if len(measured) else frame.iloc[:1]
    step = pd.Timedelta(minutes=config.step_minutes)
    leads = np.asarray((future.tz_convert("UTC") - frame.index[-1]) / step, dtype="float64")
    result: dict[str, SeriesForecast] = {}
    groups: dict[int, list[str]] = {}
    judged = {str(name): _judge(frame[name].to_numpy(), config) for name in frame.columns}
    for name, (reason, days, _) in judged.items():
        if reason is None:
            groups.setdefault(min(config.max_holdout_days, int(days) // 4), []).append(name)
    for held_back, names in groups.items():
        rows = int(max(judged[name][1] for name in names) * config.slots_per_day + 0.5)
        try:
            quantiles = _model(frame[names].iloc[-rows:], leads, held_back, config)
        except Exception:  # whatever the model's libraries raise, the fallback answers
            log.exception("core model failed for %d series", len(names))
            quantiles = np.full((len(QUANTILES), len(leads), len(names)), np.nan)
        for column, name in enumerate(names):
            values = quantiles[:, :, column]
            if np.isfinite(values).all():
                _, days, missing = judged[name]
                result[name] = SeriesForecast(_frame(values, future, config), MODEL, None, missing, days)
            else:
                judged[name] = (Reason.MODEL_FAILED, *judged[name][1:])
    for name, (reason, days, missing) in judged.items():
        if name not in result and reason is not None:
            result[name] = _fallback(frame[name].to_numpy(), future, leads, config, reason, days, missing)
    return {str(name): result[str(name)] for name in frame.columns}


def _judge(values: FloatArray, config: Config) -> tuple[Reason | None, float, float]:
    """Why the model may not be used (None if it may), days of history, and the share that is missing."""
    known = np.flatnonzero(np.isfinite(values))
    if not len(known):
        return Reason.NO_HISTORY, 0.0, 1.0
    span = len(values) - known[0]
    days, missing = span / config.slots_per_day, 1 - len(known) / span
    if config.non_negative and (values[known] < 0).any():
        return Reason.NEGATIVE_VALUES, days, missing
    if missing > config.max_missing_for_model:
        return Reason.TOO_MUCH_MISSING, days, missing
    if days < config.min_model_days:
        return Reason.TOO_SHORT, days, missing
    return None, days, missing


def _model(frame: pd.DataFrame, leads: FloatArray, held_back: int, config: Config) -> FloatArray:
    """Quantiles (quantiles, horizon, series) of series that have enough history for the model."""
    slots, rows = config.slots_per_day, len(frame)
    days_ahead = ((leads - 1) // slots + 1).astype(int)
    last_day = int(days_ahead.max())
    step = pd.Timedelta(minutes=config.step_minutes)
    index = pd.date_range(frame.index[0], periods=rows + last_day * slots, freq=step)
    slot_features = features(index, config)
    core = SharedCore(slot_features, rows, config)
    values = frame.to_numpy()
    actual = by_day(values, slots)
    days, training = len(actual), rows - held_back * slots
    start = days - held_back

    tried = by_day(core.fit_predict(values, np.arange(training))[:rows], slots)
    errors = actual - tried
    learned_from = by_day(values[:training] - core.out_of_fold(values, training), slots)
    scale = np.sqrt(np.nanmean(learned_from**2, axis=(0, 1))) + 1e-9
    fitted = core.fit_predict(values, np.arange(rows))
    ahead = fitted[rows:].reshape(last_day, slots, -1)
    fitted = by_day(fitted[:rows], slots)
    all_errors = by_day(values - core.out_of_fold(values, rows), slots)
    tried_shapes, fitted_shapes, ahead_shapes = shapes(tried), shapes(fitted), shapes(ahead)

    by_lead = np.empty((last_day, len(QUANTILES), slots, values.shape[1]))
    for lead_day in range(1, last_day + 1):
        trial = Correction(learned_from, tried_shapes[:start], lead_day, scale)
        left = [errors[day] - trial.apply(errors, tried_shapes[day], day - lead_day + 1) for day in range(start, days)]
        final = Correction(all_errors, fitted_shapes, lead_day, scale)
        middle = ahead[lead_day - 1] + final.apply(actual - fitted, ahead_shapes[lead_day - 1], days)
        by_lead[lead_day - 1] = middle + offsets(np.stack(left), QUANTILES)
    quantiles = by_lead.transpose(1, 0, 2, 3).reshape(len(QUANTILES), last_day * slots, -1)
    dark = slot_features["sun"].to_numpy() == 0.0
    asleep = np.nanmax(np.where(dark[:rows, None], np.abs(values), 0.0), axis=0) == 0.0
    quantiles[:, dark[rows:, None] & asleep[None, :]] = 0.0
    return quantiles[:, leads.astype(int) - 1]


def _fallback(
    values: FloatArray,
    future: pd.DatetimeIndex,
    leads: FloatArray,
    config: Config,
    reason: Reason,
    days: float,
    missing: float,
) -> SeriesForecast:
    """Seasonal naive where it has something to repeat, else a refusal."""
    empty = pd.DataFrame(columns=list(COLUMNS), dtype="float64")
    if reason in (Reason.NO_HISTORY, Reason.NEGATIVE_VALUES) or missing > config.max_missing:
        return SeriesForecast(empty, REFUSED, reason, missing, days)
    quantiles = seasonal_naive(values, leads, config.slots_per_day, QUANTILES)
    if quantiles is None:
        return SeriesForecast(empty, REFUSED, Reason.NO_REFERENCE, missing, days)
    return SeriesForecast(_frame(quantiles, future, config), NAIVE, reason, missing, days)


def _frame(quantiles: FloatArray, future: pd.DatetimeIndex, config: Config) -> pd.DataFrame:
    """Quantile columns in ascending order, not below zero where energy cannot be."""
    ordered = np.sort(quantiles, axis=0)
    if config.non_negative:
        ordered = np.maximum(ordered, 0.0)
    return pd.DataFrame(dict(zip(COLUMNS, ordered, strict=True)), index=future)
