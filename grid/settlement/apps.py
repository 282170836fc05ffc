from django.apps import AppConfig


class SettlementConfig(AppConfig):
    name = "grid.settlement"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from grid.settlement.services import erasing

        erasing.register()
