"""What the sentinel decides: flags and holds."""

from grid.sentinel.services.watching import watch

__all__ = ["watch"]
