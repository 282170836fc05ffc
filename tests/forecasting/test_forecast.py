"""What a caller of the forecaster is promised."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from forecasting.config import Config
from forecasting.metrics import coverage, mae, mase
from forecasting.pipeline import MODEL, NAIVE, REFUSED, Reason, SeriesForecast, forecast
from tests.forecasting.homes import START, VIENNA, grid, home


def split(frame: pd.DataFrame, days: float, ahead: float = 2.0) -> tuple[pd.DataFrame, pd.DataFrame]:
    rows, horizon = round(days * 24), round(ahead * 24)
    return frame.iloc[:rows], frame.iloc[rows : rows + horizon]


def ask(history: pd.DataFrame, after: pd.DataFrame, config: Config = VIENNA) -> dict[str, SeriesForecast]:
    """A forecast of the slots of `after`."""
    return forecast(history, pd.DatetimeIndex(after.index), config)


@pytest.mark.parametrize("minutes", [15, 30, 60])
def test_every_step_is_answered_in_order_of_quantiles(minutes):
    config = replace(VIENNA, step_minutes=minutes)
    frame = home(grid(30, config), config, pv=4.0)
    history, after = frame.iloc[: 28 * config.slots_per_day], frame.iloc[28 * config.slots_per_day :]
    for answer in ask(history, after, config).values():
        assert answer.model == MODEL
        assert answer.reason is None
        assert list(answer.quantiles.index) == list(after.index)
        quantiles = answer.quantiles.to_numpy()
        assert (np.diff(quantiles, axis=1) >= 0).all()
        assert (quantiles >= 0).all()


def test_it_beats_last_week_naive_and_its_band_holds_what_it_says():
    frame = home(grid(100))
    errors, naive_errors, inside = [], [], []
    for days in range(60, 96, 3):
        history, after = split(frame, days, 1)
        answer = ask(history, after)["import"].quantiles
        actual = after["import"].to_numpy()
        errors.append(mae(actual, answer["p50"].to_numpy()))
        naive_errors.append(mae(actual, history["import"].to_numpy()[-168:-144]))
        inside.append(coverage(actual, answer["p10"].to_numpy(), answer["p90"].to_numpy()))
    assert np.mean(errors) < 0.9 * np.mean(naive_errors)
    assert 0.65 < np.mean(inside) < 0.95


def test_export_is_zero_while_the_sun_is_down():
    frame = home(grid(40), pv=5.0)
    history, after = split(frame, 38)
    answer = ask(history, after)["export"].quantiles
    night = pd.DatetimeIndex(after.index).tz_convert("Europe/Vienna").hour.isin([23, 0, 1, 2, 3])
    assert (answer[night] == 0).all().all()
    assert answer["p50"].max() > 500


def test_a_home_without_panels_exports_nothing():
    history, after = split(home(grid(30)), 28)
    answer = ask(history, after)["export"]
    assert answer.model == MODEL
    assert (answer.quantiles == 0).all().all()


def test_yesterdays_shift_moves_the_forecast():
    frame = home(grid(42))
    history, after = split(frame, 40)
    away = history.copy()
    away.iloc[-48:] *= 0.4
    usual = ask(history, after)["import"].quantiles["p50"].sum()
    assert ask(away, after)["import"].quantiles["p50"].sum() < 0.95 * usual


def test_the_same_input_gives_the_same_output_whoever_else_is_in_the_frame():
    history, after = split(home(grid(30), pv=3.0), 28)
    first = ask(history, after)
    again = ask(history, after)
    for name, answer in first.items():
        pd.testing.assert_frame_equal(answer.quantiles, again[name].quantiles)


def test_the_horizon_may_begin_days_after_the_last_reading():
    history, _ = split(home(grid(30)), 28)
    later = grid(1, start=history.index[-1] + pd.Timedelta(hours=30))
    answer = forecast(history, later, VIENNA)["import"]
    assert answer.model == MODEL
    assert list(answer.quantiles.index) == list(later)


def test_a_short_history_is_answered_by_last_week_and_says_so():
    history, after = split(home(grid(12)), 10)
    answer = ask(history, after)["import"]
    assert (answer.model, answer.reason) == (NAIVE, Reason.TOO_SHORT)
    np.testing.assert_array_equal(answer.quantiles["p50"], history["import"].to_numpy()[-168:-120])


def test_less_than_a_week_is_answered_by_the_last_day():
    history, after = split(home(grid(5)), 3)
    answer = ask(history, after)["import"]
    assert (answer.model, answer.reason) == (NAIVE, Reason.TOO_SHORT)
    np.testing.assert_array_equal(answer.quantiles["p50"], np.tile(history["import"].to_numpy()[-24:], 2))


def test_one_day_gives_a_band_as_wide_as_the_day():
    history, after = split(home(grid(3)), 1)
    quantiles = ask(history, after)["import"].quantiles
    assert quantiles["p10"].unique() == history["import"].min()
    assert quantiles["p90"].unique() == history["import"].max()


def test_half_a_day_cannot_answer_for_the_other_half():
    history, after = split(home(grid(3)), 0.5)
    answer = ask(history, after)["import"]
    assert (answer.model, answer.reason) == (REFUSED, Reason.NO_REFERENCE)
    assert answer.quantiles.empty


def test_too_much_missing_falls_back_and_more_is_refused():
    history, after = split(home(grid(30)), 28)
    history = history.assign(gaps=history["import"], holes=history["import"])
    rng = np.random.default_rng(3)
    history.loc[rng.random(len(history)) < 0.4, "gaps"] = np.nan
    history.loc[rng.random(len(history)) < 0.8, "holes"] = np.nan
    answers = ask(history, after)
    assert (answers["gaps"].model, answers["gaps"].reason) == (NAIVE, Reason.TOO_MUCH_MISSING)
    assert answers["gaps"].missing_share == pytest.approx(0.4, abs=0.05)
    assert (answers["holes"].model, answers["holes"].reason) == (REFUSED, Reason.TOO_MUCH_MISSING)
    assert answers["import"].model == MODEL


def test_a_silent_meter_counts_as_missing_up_to_the_newest_reading_of_the_zone():
    history, after = split(home(grid(30)), 28)
    history = history.assign(silent=history["import"])
    history.iloc[-10 * 24 :, 2] = np.nan
    answer = ask(history, after)["silent"]
    assert answer.reason == Reason.TOO_MUCH_MISSING
    assert answer.missing_share == pytest.approx(10 / 28)


def test_some_missing_slots_are_left_out_and_the_model_still_answers():
    history, after = split(home(grid(32), pv=2.0), 30)
    history = history.copy()
    history.iloc[400:430] = np.nan
    history.iloc[-5:] = np.nan
    for answer in ask(history, after).values():
        assert answer.model == MODEL
        assert np.isfinite(answer.quantiles.to_numpy()).all()


def test_broken_series_are_answered_with_a_reason_and_spare_the_others():
    history, after = split(home(grid(30)), 28)
    alone = ask(history, after)["import"]
    history = history.assign(nothing=np.nan, negative=history["import"] - 1e6, infinite=np.inf, flat=100.0)
    history["huge"] = history["import"] * 1e12
    answers = ask(history, after)
    assert answers["nothing"].reason == Reason.NO_HISTORY
    assert answers["infinite"].reason == Reason.NO_HISTORY
    assert answers["negative"].reason == Reason.NEGATIVE_VALUES
    assert answers["flat"].quantiles.to_numpy() == pytest.approx(100.0, rel=0.01)
    assert answers["huge"].model == MODEL
    close = answers["import"].quantiles["p50"].to_numpy()
    assert mae(close, alone.quantiles["p50"].to_numpy()) < 0.1 * close.mean()


def test_a_failing_model_is_replaced_by_naive(monkeypatch):
    def broken(*args: object) -> None:
        raise np.linalg.LinAlgError("singular")

    monkeypatch.setattr("forecasting.core.np.linalg.solve", broken)
    history, after = split(home(grid(30)), 28)
    answer = ask(history, after)["import"]
    assert (answer.model, answer.reason) == (NAIVE, Reason.MODEL_FAILED)


def test_homes_of_different_age_share_a_frame():
    history, after = split(home(grid(62)), 60)
    history = history.assign(young=history["import"])
    history.loc[history.index < START + pd.Timedelta(days=42), "young"] = np.nan
    answers = ask(history, after)
    assert answers["young"].model == MODEL
    assert answers["young"].history_days == pytest.approx(18)
    assert answers["import"].history_days == pytest.approx(60)


def test_negative_series_are_welcome_where_energy_is_a_balance():
    frame = home(grid(30), pv=6.0)
    net = (frame["import"] - frame["export"]).to_frame("net")
    history, after = split(net, 28)
    answer = ask(history, after, replace(VIENNA, non_negative=False))["net"]
    assert answer.model == MODEL
    assert answer.quantiles["p50"].min() < 0


def test_mase_of_last_week_naive_over_its_own_history_is_one():
    values = home(grid(28))["import"].to_numpy()
    assert mase(values[168:], values[:-168], values, 168) == pytest.approx(1.0)
