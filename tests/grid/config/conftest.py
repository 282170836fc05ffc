"""The people, for every test in this folder."""

from tests.grid.pages import at_noon, escrow, fresh_memory, neighbours, people, silent_chain

__all__ = ["at_noon", "escrow", "fresh_memory", "neighbours", "people", "silent_chain"]
