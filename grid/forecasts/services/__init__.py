"""What changes forecasts. `runner`, which loads the model's libraries, is imported by its worker only."""

from grid.forecasts.services.planning import plan_day_ahead, plan_due

__all__ = ["plan_day_ahead", "plan_due"]
