"""The grounds of a claim: what was opened, and what it shows about one slot of a statement (PROTOCOL §5)."""
