"""What changes prices and the rule book behind them."""

from grid.pricing.services.profiles import adopt_profile
from grid.pricing.services.signals import publish_due, publish_prices
from grid.pricing.services.tariffs import publish_tariff

__all__ = ["adopt_profile", "publish_due", "publish_prices", "publish_tariff"]
