"""The log in the admin: to look at, never to change."""

from django.contrib import admin

from grid.chain.admin import ReadOnlyAdmin
from grid.records.models import Checkpoint, Entry


@admin.register(Entry)
class EntryAdmin(ReadOnlyAdmin):
    list_display = ["index", "kind", "leaf", "created_at"]
    list_filter = ["kind"]
    fields = ["index", "kind", "leaf", "created_at"]
    show_full_result_count = False

    @admin.display(description="leaf hash")
    def leaf(self, entry: Entry) -> str:
        return bytes(entry.leaf_hash).hex()


@admin.register(Checkpoint)
class CheckpointAdmin(ReadOnlyAdmin):
    list_display = ["size", "root_hex", "seq", "created_at", "anchored_at"]
    fields = ["size", "root_hex", "note", "seq", "chain_tx", "created_at", "anchored_at"]

    @admin.display(description="root")
    def root_hex(self, checkpoint: Checkpoint) -> str:
        return bytes(checkpoint.root).hex()
