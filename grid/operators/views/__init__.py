"""The utility pages, one module per noun."""
