"""The chain in the admin: to look at, never to change."""

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from grid.chain.models import ChainAttempt, ChainEvent, ChainHalt, ChainTx


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """No adding, changing or deleting."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(ChainTx)
class ChainTxAdmin(ReadOnlyAdmin):
    list_display = ["business_key", "sender", "contract", "function", "state", "block_number", "updated_at"]
    list_filter = ["state", "sender", "contract"]
    search_fields = ["business_key", "tx_hash"]
    exclude = ["raw"]


@admin.register(ChainEvent)
class ChainEventAdmin(ReadOnlyAdmin):
    list_display = ["block_id", "log_index", "contract", "name", "args"]
    list_filter = ["contract", "name"]


@admin.register(ChainAttempt)
class ChainAttemptAdmin(ReadOnlyAdmin):
    list_display = ["tx_hash", "tx", "address", "nonce", "max_fee", "priority_fee", "made_at", "outcome"]
    search_fields = ["tx_hash", "tx__business_key"]
    exclude = ["raw"]


@admin.register(ChainHalt)
class ChainHaltAdmin(ReadOnlyAdmin):
    list_display = ["since", "reason", "resolved_at", "resolved_by", "note"]
