"""Settlement in the admin: to look at, never to change. Lines are sealed and stay so."""

from django.contrib import admin

from grid.chain.admin import ReadOnlyAdmin
from grid.settlement.models import PointStatement, RunRow, SettlementRun


@admin.register(SettlementRun)
class SettlementRunAdmin(ReadOnlyAdmin):
    list_display = ["zone_id", "day", "sequence", "state", "bought_wh", "dust", "posted_at", "final_at"]
    list_filter = ["state"]
    exclude = ["headers"]


@admin.register(RunRow)
class RunRowAdmin(ReadOnlyAdmin):
    list_display = ["run_id", "position", "address", "day_net"]


@admin.register(PointStatement)
class PointStatementAdmin(ReadOnlyAdmin):
    list_display = ["run_id", "position", "point_id", "account_id", "day_net"]
    exclude = ["lines", "salt"]
