"""What changes the log."""

from grid.records.services.entries import NewEntry, append, append_with

__all__ = ["NewEntry", "append", "append_with"]
