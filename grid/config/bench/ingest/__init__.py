"""`./watt bench ingest`: readings durably taken in, beside what the machine can do at best in the same run.

A reading counts once it is committed and receipted. Rates are per second of CPU of the web process, as the project's
goals were set; the database's CPU stands beside them. Both share the machine with the load and each other.
"""

import os
import sys
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from importlib.util import find_spec

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


def _parts() -> Iterator[Callable[[Platform], list[Reach]]]:
    """Yield what is measured, in order: first what needs the running platform, then what fills its tables."""
    from grid.config.bench.ingest import anchoring, http

    yield http.measure
    yield anchoring.measure
    yield _at_rest
    for name in ("storage", "log"):
        module = f"{__name__}.{name}"
        if find_spec(module) is not None:
            print()
            yield partial(_filled, module)


def _filled(module: str, place: Platform) -> list[Reach]:
    """Run a part that fills tables; it has them vacuumed by their owner."""
    os.environ.update(place.supervisor.owner_env)
    return list(import_module(module).measure())


def _at_rest(place: Platform) -> list[Reach]:
    """Stop what would sweep over rows that only look like readings."""
    place.rest()
    return []
