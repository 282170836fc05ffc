"""`./watt bench NAME`: speed measured against its limits, printed as a table.

With `--json` the last line is one object `{"bench", "reach": [{"what", "value", "limit", "ok"}]}`.
"""


def run(name: str, *, as_json: bool) -> int:
    """Run a bench by name. Returns 0 when every limit was kept."""
    if name == "settlement":
        from grid.config.bench import settlement

        return settlement.run(as_json=as_json)
    if name == "ingest":
        from grid.config.bench import ingest

        return ingest.run(as_json=as_json)
    from grid.config.bench import start

    return start.run(as_json=as_json)
