"""Prosumer pages. No models: reads of the steps before, and one request for a service."""
