"""Metering in the admin: to look at, never to change. (Tables with composite keys have no admin pages.)"""

from django.contrib import admin

from grid.chain.admin import ReadOnlyAdmin
from grid.metering.models import Binding, Envelope, Meter, MeteringPoint


@admin.register(MeteringPoint)
class MeteringPointAdmin(ReadOnlyAdmin):
    list_display = ["name", "kind", "zone", "fuse_w", "pv_peak_w", "registered_at"]
    list_filter = ["zone", "kind"]


@admin.register(Meter)
class MeterAdmin(ReadOnlyAdmin):
    list_display = ["serial", "vendor", "model", "state", "last_counter", "last_seen_at"]
    list_filter = ["state"]
    search_fields = ["serial"]


@admin.register(Binding)
class BindingAdmin(ReadOnlyAdmin):
    list_display = ["point", "meter", "account", "from_day", "to_day", "log_index", "recorded_at"]
    exclude = ["co_signature"]


@admin.register(Envelope)
class EnvelopeAdmin(ReadOnlyAdmin):
    list_display = ["meter", "counter", "received_at", "log_index", "fork"]
    list_filter = ["fork", "meter"]
    fields = ["meter", "counter", "digest", "received_at", "log_index", "fork"]
    show_full_result_count = False

    @admin.display(description="SHA-256")
    def digest(self, envelope: Envelope) -> str:
        return bytes(envelope.sha256).hex()
