"""Utility pages: the operator's desk, meters, settlement, and the log for who checks. No models."""
