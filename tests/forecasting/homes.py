"""Made-up homes with known habits: what the forecaster's tests are told, and what comes after."""

import numpy as np
import pandas as pd

from forecasting.config import Config
from forecasting.timeline import clear_sky

VIENNA = Config(time_zone="Europe/Vienna", latitude=48.2, longitude=16.4, step_minutes=60, country="AT")
START = pd.Timestamp("2026-03-01", tz="UTC")


def grid(days: float, config: Config = VIENNA, start: pd.Timestamp = START) -> pd.DatetimeIndex:
    """UTC slot starts of some days."""
    periods = round(days * config.slots_per_day)
    return pd.date_range(start, periods=periods, freq=pd.Timedelta(minutes=config.step_minutes))


def home(index: pd.DatetimeIndex, config: Config = VIENNA, seed: int = 1, pv: float = 0.0) -> pd.DataFrame:
    """Import and export in Wh per slot: breakfast and dinner, later on Sundays, noise, and PV under clouds.

    `pv` is the panels' peak in kW. Clouds last a day and the household's mood some days, so yesterday
    says something about today.
    """
    rng = np.random.default_rng(seed)
    local = index.tz_convert(config.time_zone)
    hour = (local.hour + local.minute / 60).to_numpy()
    sunday = (local.dayofweek == 6).astype(float)
    days, slots = len(index) // config.slots_per_day + 1, config.slots_per_day
    mood = np.repeat(np.cumsum(rng.normal(0, 0.08, days)) + rng.normal(0, 0.05, days), slots)[: len(index)]
    clouds = np.repeat(rng.uniform(0.3, 1.0, days), slots)[: len(index)]
    breakfast = 300 * np.exp(-(((hour - 7 - 2 * sunday) / 1.2) ** 2))
    dinner = 600 * np.exp(-(((hour - 19) / 2) ** 2))
    load = (200 + breakfast + dinner) * np.exp(mood) * rng.lognormal(0, 0.15, len(index))
    sun, _ = clear_sky(index, config)
    net = (load - 1000 * pv * sun * clouds) * config.step_minutes / 60
    return pd.DataFrame({"import": np.round(np.maximum(net, 0)), "export": np.round(np.maximum(-net, 0))}, index)
