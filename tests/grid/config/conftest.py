"""The people and the street, for every test in this folder."""

from tests.grid.pages import at_noon, escrow, fresh_memory, neighbours, people, silent_chain
from tests.grid.street import chain, street

__all__ = ["at_noon", "chain", "escrow", "fresh_memory", "neighbours", "people", "silent_chain", "street"]
