"""Scores on numbers that can be checked by hand."""

import numpy as np
import pytest

from forecasting.metrics import coverage, mae, mase, pinball

NAN = float("nan")


def test_mae_leaves_out_what_was_not_measured():
    assert mae(np.array([1.0, NAN, 5.0]), np.array([2.0, 2.0, 2.0])) == 2.0
    assert np.isnan(mae(np.array([NAN]), np.array([1.0])))


def test_mase_divides_by_the_naive_error_of_the_history():
    history = np.array([1.0, 2.0, 3.0, 6.0])  # season 2: errors 2 and 4
    assert mase(np.array([10.0]), np.array([4.0]), history, 2) == 2.0


def test_mase_is_undefined_without_a_scale():
    assert np.isnan(mase(np.array([1.0]), np.array([1.0]), np.ones(10), 2))
    assert np.isnan(mase(np.array([1.0]), np.array([1.0]), np.ones(2), 2))


def test_pinball_weighs_the_side_by_the_quantile():
    assert pinball(np.array([10.0]), np.array([0.0]), 0.9) == pytest.approx(9.0)
    assert pinball(np.array([0.0]), np.array([10.0]), 0.9) == pytest.approx(1.0)


def test_coverage_counts_both_ends():
    actual = np.array([1.0, 2.0, 3.0, 4.0, NAN])
    assert coverage(actual, np.full(5, 1.0), np.full(5, 3.0)) == 0.75
