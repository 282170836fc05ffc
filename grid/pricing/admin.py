"""Prices in the admin: to look at, never to change."""

from django.contrib import admin

from grid.chain.admin import ReadOnlyAdmin
from grid.pricing.models import PriceSignal, Profile, TariffDay


@admin.register(PriceSignal)
class PriceSignalAdmin(ReadOnlyAdmin):
    list_display = ["zone", "slot", "version", "price", "low_price", "high_price", "log_index", "published_at"]
    list_filter = ["zone"]
    list_select_related = ["zone"]
    show_full_result_count = False


@admin.register(TariffDay)
class TariffDayAdmin(ReadOnlyAdmin):
    list_display = ["zone", "day", "log_index"]
    list_filter = ["zone"]
    exclude = ["root"]


@admin.register(Profile)
class ProfileAdmin(ReadOnlyAdmin):
    list_display = ["community", "from_day", "log_index"]
    exclude = ["sha256"]
