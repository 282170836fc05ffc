"""Flags and holds in the admin: to look at, never to change."""

from django.contrib import admin

from grid.chain.admin import ReadOnlyAdmin
from grid.sentinel.models import Flag, Hold


@admin.register(Flag)
class FlagAdmin(ReadOnlyAdmin):
    list_display = ["slot", "rule", "point_id", "zone_id", "log_index", "raised_at"]
    list_filter = ["rule"]


@admin.register(Hold)
class HoldAdmin(ReadOnlyAdmin):
    list_display = ["slot", "point_id", "flag_id", "ends_at", "released_at"]
