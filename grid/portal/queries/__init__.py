"""Reads for the prosumer pages, one module per noun."""
