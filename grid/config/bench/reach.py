"""What every bench reports: measured figures, some of them against a limit."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Reach:
    """A measured figure against its limit."""

    what: str
    value: float
    limit: float
    ok: bool

    @classmethod
    def at_most(cls, what: str, value: float, limit: float) -> "Reach":
        """A figure that shall not exceed its limit."""
        return cls(what, value, limit, value <= limit)

    @classmethod
    def at_least(cls, what: str, value: float, limit: float) -> "Reach":
        """A figure that shall not fall below its limit."""
        return cls(what, value, limit, value >= limit)


def report(bench: str, reach: Sequence[Reach], *, as_json: bool) -> int:
    """Print the limits and, if asked, one JSON object as the last line. Returns 0 when every limit was kept."""
    width = max(len(line.what) for line in reach)
    print(f"{'what':{width}} {'value':>12} {'limit':>12}")
    for line in reach:
        print(f"{line.what:{width}} {line.value:12,.1f} {line.limit:12,.1f}  {'ok' if line.ok else 'MISSED'}")
    if as_json:
        print(json.dumps({"bench": bench, "reach": [asdict(line) for line in reach]}))
    return 0 if all(line.ok for line in reach) else 1
