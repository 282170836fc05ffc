"""The prosumer pages, one module per noun."""
