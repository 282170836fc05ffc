from django.apps import AppConfig


class SentinelConfig(AppConfig):
    name = "grid.sentinel"
    default_auto_field = "django.db.models.BigAutoField"
