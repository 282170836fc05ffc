"""The bridge as a process: connected again whenever it was not."""

import logging
import time
from collections.abc import Callable

from grid.metering.bridge.address import VARIABLE, Broker
from grid.metering.bridge.link import Link, LinkLost, pause_after

NAP_SECONDS = 0.2

logger = logging.getLogger(__name__)


def run(broker: Broker, *, until: Callable[[], bool], sleep: Callable[[float], object] = time.sleep) -> None:
    """Take in readings until told to stop; what was not answered by then comes again at the next start."""
    failures = 0
    while not until():
        link = Link(broker)
        try:
            with link:
                while not until():
                    link.turn()
        except (OSError, LinkLost) as error:
            failures = 1 if link.connected else failures + 1
            pause = pause_after(failures)
            logger.warning("no connection to the broker of %s (%s); trying again in %.0f s", VARIABLE, error, pause)
            _pause(pause, until, sleep)


def _pause(seconds: float, until: Callable[[], bool], sleep: Callable[[float], object]) -> None:
    for _ in range(round(seconds / NAP_SECONDS)):
        if until():
            return
        sleep(NAP_SECONDS)
