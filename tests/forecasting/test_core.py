"""The closed form is Prophet's own estimate."""

import numpy as np
import pandas as pd
import pytest

from forecasting.core import SharedCore, fit_closed_form, new_prophet
from forecasting.timeline import features
from tests.forecasting.homes import VIENNA, grid, home

DAYS, AHEAD = 28, 2


@pytest.fixture(scope="module")
def slots() -> pd.DataFrame:
    return features(grid(DAYS + AHEAD), VIENNA)


@pytest.fixture(scope="module")
def homes() -> pd.DataFrame:
    index = grid(DAYS)
    return pd.DataFrame({"grey": home(index)["import"], "green": home(index, seed=2, pv=4.0)["export"]})


def test_stan_finds_the_same_optimum(slots, homes):
    rows = len(homes)
    frame = slots.head(rows).assign(y=homes["green"].to_numpy())
    by_stan = new_prophet(VIENNA, DAYS)
    by_stan.fit(frame.copy(), seed=1, iter=10_000, tol_rel_obj=1e-3, tol_rel_grad=1e2, tol_param=1e-12)
    closed = fit_closed_form(new_prophet(VIENNA, DAYS), frame.copy())
    ahead = slots.tail(AHEAD * 24)
    expected = by_stan.predict(ahead)["yhat"].to_numpy()
    found = closed.predict(ahead)["yhat"].to_numpy()
    assert np.abs(found - expected).max() < 0.005 * homes["green"].max()
    assert closed.params["sigma_obs"][0, 0] == pytest.approx(by_stan.params["sigma_obs"].item(), rel=0.01)


def test_the_shared_fit_equals_one_prophet_per_home(slots, homes):
    shared = SharedCore(slots, len(homes), VIENNA).fit_predict(homes.to_numpy(), np.arange(len(homes)))
    for column, name in enumerate(homes):
        frame = slots.head(len(homes)).assign(y=homes[name].to_numpy())
        alone = fit_closed_form(new_prophet(VIENNA, DAYS), frame).predict(slots)["yhat"].to_numpy()
        np.testing.assert_allclose(shared[:, column], alone, rtol=1e-6, atol=1e-6)


def test_missing_slots_are_left_out_of_the_fit_and_disturb_no_other_home(slots, homes):
    every = np.arange(len(homes))
    core = SharedCore(slots, len(homes), VIENNA)
    whole = core.fit_predict(homes.to_numpy(), every)
    gappy = homes.copy()
    gappy.iloc[100:160, 0] = np.nan
    fitted = core.fit_predict(gappy.to_numpy(), every)
    np.testing.assert_allclose(fitted[:, 1], whole[:, 1])
    rest = np.delete(every, np.arange(100, 160))
    np.testing.assert_allclose(fitted[:, 0], core.fit_predict(homes.to_numpy(), rest)[:, 0], rtol=1e-6)


def test_a_trend_has_no_closed_form(slots, homes):
    from prophet import Prophet

    frame = slots.head(len(homes)).assign(y=homes["grey"].to_numpy())
    with pytest.raises(ValueError, match="growth='flat'"):
        fit_closed_form(Prophet(growth="linear"), frame)


def test_a_week_of_zeros_is_forecast_as_zero(slots):
    nothing = np.zeros((DAYS * 24, 1))
    fitted = SharedCore(slots, len(nothing), VIENNA).fit_predict(nothing, np.arange(len(nothing)))
    assert np.abs(fitted).max() == 0.0
