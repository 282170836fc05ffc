"""Living with the clock: at every slot's end each meter sends its registers."""

import logging
import threading

from grid import clock
from grid.domain.slots import SLOT_SECONDS, slot_of
from grid.simulator.client import ClientError
from grid.simulator.street import Street

DELAY_SECONDS = 5
"""A meter reads its registers at the border and sends a little later."""
LONGEST_WAIT = 5.0
"""Wall seconds: the clock may be set while we wait."""

log = logging.getLogger(__name__)


def run(street: Street, *, stop: threading.Event) -> None:
    """Send what is due, wait for the next slot's end, until `stop` is set. Outages are waited out."""
    while not stop.is_set():
        try:
            send_due(street, now_unix=clock.timestamp())
        except ClientError as error:
            log.warning("Readings wait in the journal: %s", error)
        stop.wait(min(LONGEST_WAIT, clock.wall_seconds(seconds_to_next(clock.timestamp()))))


def send_due(street: Street, *, now_unix: float) -> int:
    """Send all borders that have passed, and return how many readings were taken."""
    border = slot_of(int(now_unix) - DELAY_SECONDS) * SLOT_SECONDS
    if street.slots_due(border) == 0 and not street.journal.pending:
        return 0
    outcome = street.advance(border)
    for problem in outcome.problems:
        log.warning("Refused: %s: %s", problem.get("title"), problem.get("detail"))
    return outcome.readings


def seconds_to_next(now_unix: float) -> float:
    """Return the seconds until the next border is due to be sent."""
    return SLOT_SECONDS - (now_unix - DELAY_SECONDS) % SLOT_SECONDS
