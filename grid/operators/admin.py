"""Facts in the admin: readings, trades, prices, log and settlement, to look at and never to change.

What another app's admin shows already is left to it. Rows with a composite key have no page in the admin.
"""

from typing import Any

from django.contrib import admin
from django.db.models import BinaryField, Model
from django.http import HttpRequest

from grid.forecasts.models import ForecastRun
from grid.market.models import Auction, Fill, Mandate, Order
from grid.metering.models import Binding, Envelope, Meter, MeteringPoint, MeterKey, SlotClose
from grid.pricing.models import PriceSignal, Profile, TariffDay
from grid.records.models import Checkpoint, EntryBlock, LogKey
from grid.sentinel.models import Flag, Hold
from grid.settlement.models import PointStatement, RunRow, SettlementRun


class FactAdmin(admin.ModelAdmin):
    """No adding, changing or deleting; sealed bytes are left out."""

    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        return [field.name for field in self.opts.fields if not isinstance(field, BinaryField)]


FACTS: dict[type[Model], list[str]] = {
    MeteringPoint: ["name", "zone", "kind", "fuse_w", "pv_peak_w"],
    Meter: ["serial", "vendor", "model", "state", "last_seen_at"],
    MeterKey: ["meter", "suite", "from_counter", "to_counter", "log_index"],
    Binding: ["point", "meter", "account", "from_day", "to_day", "log_index"],
    Envelope: ["meter", "counter", "received_at", "fork", "log_index"],
    SlotClose: ["zone", "next_slot"],
    ForecastRun: ["zone", "point", "target", "cutoff", "model", "state", "log_index"],
    Profile: ["community", "from_day", "log_index"],
    TariffDay: ["zone", "day", "log_index"],
    PriceSignal: ["zone", "slot", "version", "price", "published_at", "log_index"],
    Mandate: ["account", "valid_from_day", "valid_to_day", "cap_per_day", "created_at"],
    Order: ["account", "slot", "side", "quantity_wh", "limit_price", "state"],
    Auction: ["zone", "slot", "price", "volume_wh", "fill_count", "log_index"],
    Fill: ["auction", "order", "quantity_wh"],
    Flag: ["zone", "point", "rule", "slot", "raised_at", "log_index"],
    Hold: ["point", "slot", "ends_at", "released_at", "log_index"],
    SettlementRun: ["zone", "day", "sequence", "state", "posted_at", "final_at"],
    RunRow: ["run", "position", "address", "day_net"],
    PointStatement: ["run", "point", "account", "day_net"],
    EntryBlock: ["first", "size", "created_at"],
    LogKey: ["scope", "period", "created_at"],
    Checkpoint: ["size", "seq", "created_at", "anchored_at"],
}
"""Models and the columns of their lists."""

for _model, _columns in FACTS.items():
    if not admin.site.is_registered(_model):
        admin.site.register(_model, FactAdmin, list_display=_columns)
