"""The device API: a plain view, because it is the hot path."""
