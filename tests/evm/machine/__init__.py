"""Actors of the random histories, each in a file of its own, over one base that knows contract and reference."""
