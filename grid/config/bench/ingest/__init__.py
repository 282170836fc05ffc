"""`./watt bench ingest`: readings durably taken in, beside what the machine can do at best in the same run.

A reading counts once it is committed and receipted. Rates are per second of CPU of the web process, as the project's
goals were set; the database's CPU stands beside them. Both share the machine with the load and each other.
"""

import sys
from collections.abc import Callable

from grid.config.bench.ingest.platform import Platform, platform
from grid.config.bench.reach import Reach, report
from grid.config.servers.processes import StartError


def run(*, as_json: bool) -> int:
    """The `bench ingest` command. Returns 0 when every limit was kept."""
    try:
        with platform() as place:
            reach = [line for part in _parts() for line in part(place)]
    except StartError as error:
        print(f"watt: {error}", file=sys.stderr)
        return 1
    print()
    return report("ingest", reach, as_json=as_json)


def _parts() -> list[Callable[[Platform], list[Reach]]]:
    """What is measured, in order."""
    from grid.config.bench.ingest import anchoring, http

    return [http.measure, anchoring.measure]
