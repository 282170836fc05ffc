"""Reads for the utility pages, one module per noun."""
