from django.apps import AppConfig


class ForecastsConfig(AppConfig):
    name = "grid.forecasts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from grid.forecasts.services import erasing

        erasing.register()
