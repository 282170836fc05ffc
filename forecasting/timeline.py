"""The time grid a forecast works on: checked history, and the features of each slot."""

from typing import cast

import numpy as np
import pandas as pd

from forecasting.arrays import FloatArray
from forecasting.config import Config


class HistoryError(ValueError):
    """The history or the horizon is not a usable time grid; the message names what to mend."""


def _check_index(index: pd.DatetimeIndex, name: str) -> None:
    if not isinstance(index, pd.DatetimeIndex) or index.tz is None:
        raise HistoryError(f"{name}: the index must be a DatetimeIndex with a time zone (use UTC)")
    if not index.is_monotonic_increasing:
        raise HistoryError(f"{name}: times are not sorted; sort them ascending")
    if index.has_duplicates:
        first = index[index.duplicated()][0]
        raise HistoryError(f"{name}: {first.isoformat()} appears twice; keep one row per slot")


def on_grid(history: pd.DataFrame, future: pd.DatetimeIndex, config: Config) -> pd.DataFrame:
    """The history on a gapless UTC grid that ends at its last row; absent slots become NaN.

    Raises HistoryError for an empty, unsorted, duplicated or naive index, for times off the step,
    for columns that are not numbers, and for a horizon that is empty or starts inside the history.
    """
    if history.empty or len(future) == 0:
        raise HistoryError("history and future must each hold at least one slot")
    index = cast(pd.DatetimeIndex, history.index)
    _check_index(index, "history")
    _check_index(future, "future")
    step = pd.Timedelta(minutes=config.step_minutes)
    for name, times in (("history", index), ("future", future)):
        off = times.tz_convert("UTC").asi8 % step.as_unit(times.unit).value != 0
        if off.any():
            raise HistoryError(f"{name}: {times[off][0].isoformat()} is off the {config.step_minutes}-minute grid")
    if future[0] <= index[-1]:
        raise HistoryError(f"future starts at {future[0].isoformat()}, inside the history")
    numbers = [column for column in history.columns if not pd.api.types.is_numeric_dtype(history[column])]
    if numbers:
        raise HistoryError(f"history: column {numbers[0]!r} is not numeric")
    full = pd.date_range(index[0].tz_convert("UTC"), index[-1].tz_convert("UTC"), freq=step)
    frame = history.tz_convert("UTC").reindex(full).astype("float64")
    return frame.replace([np.inf, -np.inf], np.nan)


def clear_sky(index: pd.DatetimeIndex, config: Config) -> tuple[FloatArray, FloatArray]:
    """Clear-sky irradiance in kW/m2 at the middle of each slot, and sine of the sun's azimuth.

    Irradiance by Haurwitz's zenith-only model (pvlib): exactly zero while the sun is down.
    """
    from pvlib.clearsky import haurwitz
    from pvlib.solarposition import get_solarposition

    middle = index + pd.Timedelta(minutes=config.step_minutes) / 2
    sun = get_solarposition(middle, config.latitude, config.longitude)
    irradiance = haurwitz(sun["apparent_zenith"])["ghi"].to_numpy(dtype="float64") / 1000.0
    azimuth = np.sin(np.radians(sun["azimuth"].to_numpy(dtype="float64")))
    return irradiance, azimuth


def features(index: pd.DatetimeIndex, config: Config) -> pd.DataFrame:
    """One row per slot: `ds` on the local clock, day types, and what the sun could give.

    A public holiday counts as a Sunday, so that it needs no holiday in the history.
    """
    local = index.tz_convert(config.time_zone)
    weekday = local.dayofweek.to_numpy()
    holiday = np.zeros(len(index), dtype=bool)
    if config.country:
        import holidays

        years = range(int(local.year.min()), int(local.year.max()) + 1)
        known = holidays.country_holidays(config.country, subdiv=config.region or None, years=years)
        days = {pd.Timestamp(day) for day in known}
        holiday = local.normalize().tz_localize(None).isin(list(days))
    sunday = (weekday == 6) | holiday
    irradiance, azimuth = clear_sky(index, config)
    return pd.DataFrame(
        {
            "ds": local.tz_localize(None),
            "is_saturday": (weekday == 5) & ~sunday,
            "is_sunday": sunday,
            "sun": irradiance,
            "sun_east": irradiance * azimuth,
            "sun_high": irradiance**2,
        }
    )
