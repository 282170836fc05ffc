"""A day on the street: traded by mandates, metered with deviations, some of it without an auction."""

from collections.abc import Callable
from datetime import datetime

from grid.market.services import gates
from tests.grid.street import DAY, FIRST, FOUNDED, Home, Street, at_slot

SUN = range(36, 64)
TRADED = range(28, 68)
AFTER = at_slot(FIRST + 97)


def expected(home: Home, offset: int) -> int:
    """Forecast import minus export, Wh."""
    if home.name == "alice":
        return -1_400 + 17 * (offset % 5) if offset in SUN else 120 + offset % 7
    return (260 if home.name == "bob" else 410) + 13 * (offset % 9)


def metered(home: Home, offset: int) -> tuple[int, int]:
    """What really flowed: now more, now less than expected, at times both ways in one quarter hour."""
    net = expected(home, offset) + (offset * 37 + len(home.name) * 11) % 300 - 150
    both = 40 if offset % 10 == 3 and home.name == "alice" else 0
    return max(0, net) + both, max(0, -net) + both


def trade(street: Street, anchor: Callable[[datetime], object] | None = None) -> None:
    """Publish prices for part of the day and hold its auctions, all anchored in time by `anchor`."""
    anchor = anchor or street.anchor
    street.publish([FIRST + offset for offset in TRADED], 150_000)
    anchor(FOUNDED)
    for home in street.homes:
        street.forecast(home, {FIRST + offset: expected(home, offset) for offset in range(96)})
    for hour in range(6, 17):
        gates.sweep_gates(zone=street.zone, now=at_slot(FIRST + 4 * hour))
        anchor(at_slot(FIRST + 4 * hour, 5))


def live(street: Street) -> None:
    """A whole day under mandates: traded, metered and closed."""
    for home in street.homes:
        street.register(home)
    trade(street)
    street.measure_day(DAY, metered)
