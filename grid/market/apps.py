from django.apps import AppConfig


class MarketConfig(AppConfig):
    name = "grid.market"
    default_auto_field = "django.db.models.BigAutoField"
