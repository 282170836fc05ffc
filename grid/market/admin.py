"""The market in the admin: to look at, never to change."""

from django.contrib import admin

from grid.chain.admin import ReadOnlyAdmin
from grid.market.models import Auction, Fill, Mandate, Order, Skip


@admin.register(Mandate)
class MandateAdmin(ReadOnlyAdmin):
    list_display = ["account_id", "valid_from_day", "valid_to_day", "cap_per_day", "ended_at_slot", "end_day"]
    exclude = ["signature"]


@admin.register(Order)
class OrderAdmin(ReadOnlyAdmin):
    list_display = ["slot", "point_id", "side", "quantity_wh", "limit_price", "cover", "state"]
    list_filter = ["side", "state"]


@admin.register(Skip)
class SkipAdmin(ReadOnlyAdmin):
    list_display = ["slot", "point_id", "code"]
    list_filter = ["code"]


@admin.register(Auction)
class AuctionAdmin(ReadOnlyAdmin):
    list_display = ["slot", "zone_id", "price", "volume_wh", "fill_count", "log_index", "cleared_at"]


@admin.register(Fill)
class FillAdmin(ReadOnlyAdmin):
    list_display = ["auction_id", "fill_index", "order_id", "quantity_wh"]
