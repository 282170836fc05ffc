from django.apps import AppConfig


class MeteringConfig(AppConfig):
    name = "grid.metering"
    default_auto_field = "django.db.models.BigAutoField"
