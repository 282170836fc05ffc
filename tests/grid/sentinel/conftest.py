"""The street, for every test in this folder."""

from tests.grid.street import chain, street

__all__ = ["chain", "street"]
