"""Forecasts as issued (`issued`), what they may use (`history`), and how good they were (`accuracy`)."""

from grid.forecasts.queries.accuracy import Accuracy, accuracy, zone_mase
from grid.forecasts.queries.issued import Issued, latest_pair, latest_points, points_of

__all__ = ["Accuracy", "Issued", "accuracy", "latest_pair", "latest_points", "points_of", "zone_mase"]
