"""Validation, estimation and editing of slot energy: rules find, a person decides, every version is kept."""
