"""The time grid: local habits over clock changes, and what is refused."""

import numpy as np
import pandas as pd
import pytest

from forecasting.config import Config
from forecasting.pipeline import forecast
from forecasting.timeline import HistoryError, features, on_grid
from tests.forecasting.homes import VIENNA, grid, home


def test_slots_that_never_arrived_become_missing_and_are_not_filled():
    history = home(grid(3))
    frame = on_grid(
        history.drop(history.index[10:14]), grid(1, start=history.index[-1] + pd.Timedelta(hours=1)), VIENNA
    )
    assert len(frame) == 72
    assert frame["import"].isna().sum() == 4
    assert frame["import"].iloc[10:14].isna().all()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda h: h.iloc[::-1], "not sorted"),
        (lambda h: pd.concat([h.iloc[:1], h]), "appears twice"),
        (lambda h: h.tz_localize(None), "time zone"),
        (lambda h: h.shift(freq="7min"), "off the 60-minute grid"),
        (lambda h: h.iloc[:0], "at least one slot"),
        (lambda h: h.astype(str), "not numeric"),
        (lambda h: h.shift(freq="1D"), "inside the history"),
    ],
    ids=["unsorted", "duplicate", "naive", "off grid", "empty", "text", "overlap"],
)
def test_an_unusable_grid_is_refused_by_name(spoil, message):
    history = home(grid(20))
    future = grid(1, start=history.index[-1] + pd.Timedelta(hours=1))
    with pytest.raises(HistoryError, match=message):
        forecast(spoil(history), future, VIENNA)


@pytest.mark.parametrize("start", ["2026-03-28", "2026-10-24"], ids=["spring", "autumn"])
def test_local_time_moves_with_the_clock_change(start):
    index = grid(2, start=pd.Timestamp(start, tz="UTC"))
    local = features(index, VIENNA)["ds"].to_numpy()
    expected = index.tz_convert("Europe/Vienna").tz_localize(None).to_numpy()
    assert (local == expected).all()
    assert len(np.unique(local)) == (48 if start.startswith("2026-03") else 47)


def test_a_public_holiday_counts_as_a_sunday():
    index = grid(1, start=pd.Timestamp("2026-05-01 06:00", tz="UTC"))  # a Friday, Labour Day in Austria
    assert features(index, VIENNA)["is_sunday"].iloc[0]
    elsewhere = Config(time_zone="Europe/Vienna", latitude=48.2, longitude=16.4, step_minutes=60)
    assert not features(index, elsewhere)["is_sunday"].iloc[0]


def test_the_sun_is_down_at_night_and_highest_at_noon():
    slots = features(grid(1, start=pd.Timestamp("2026-06-21", tz="UTC")), VIENNA)
    hour = slots["ds"].dt.hour
    assert (slots["sun"][hour.isin([0, 1, 2, 3, 23])] == 0).all()
    assert hour[slots["sun"].idxmax()] in (12, 13)


@pytest.mark.parametrize(
    ("field", "value"),
    [("step_minutes", 5), ("latitude", 91.0), ("longitude", -181.0), ("max_missing", 1.5), ("min_model_days", 3)],
)
def test_a_wrong_setting_is_refused_by_name(field, value):
    settings = {"time_zone": "UTC", "latitude": 0.0, "longitude": 0.0, field: value}
    with pytest.raises(ValueError, match=field):
        Config(**settings)
