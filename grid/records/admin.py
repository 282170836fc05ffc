"""The log in the admin: to look at, never to change."""

from django.contrib import admin

from grid.chain.admin import ReadOnlyAdmin
from grid.records.models import Checkpoint, EntryBlock


@admin.register(EntryBlock)
class EntryBlockAdmin(ReadOnlyAdmin):
    list_display = ["first", "size", "created_at"]
    fields = ["first", "size", "created_at"]
    show_full_result_count = False


@admin.register(Checkpoint)
class CheckpointAdmin(ReadOnlyAdmin):
    list_display = ["size", "root_hex", "seq", "created_at", "anchored_at"]
    fields = ["size", "root_hex", "note", "seq", "chain_tx", "created_at", "anchored_at"]

    @admin.display(description="root")
    def root_hex(self, checkpoint: Checkpoint) -> str:
        return bytes(checkpoint.root).hex()
