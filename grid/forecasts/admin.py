"""Forecast runs in the admin: to look at, never to change."""

from django.contrib import admin

from grid.chain.admin import ReadOnlyAdmin
from grid.forecasts.models import ForecastRun


@admin.register(ForecastRun)
class ForecastRunAdmin(ReadOnlyAdmin):
    list_display = ["id", "zone", "point", "target", "cutoff", "state", "model", "fallback_reason", "log_index"]
    list_filter = ["state", "target", "model", "zone"]
    list_select_related = ["zone", "point"]
    show_full_result_count = False
