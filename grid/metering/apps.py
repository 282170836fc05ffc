from django.apps import AppConfig


class MeteringConfig(AppConfig):
    name = "grid.metering"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from grid.metering.services import auditing, erasing

        erasing.register()
        auditing.register()
