"""Days of energy, prices, trades and a settled run for the people of `tests.factories`.

Rows as the steps before the pages would have written them: the auctions stand in the log, anchored before
delivery, then Alice's intervals; neighbours' rows cite entries that are there for somebody else. Cleared
and settled by the reference model of `grid.domain`.
"""

import random
from datetime import timedelta

from django.db import transaction

from grid.domain.slots import SLOTS_PER_DAY, slot_start
from grid.records.queries import log_size
from tests import factories
from tests.factories import TODAY
from tests.neighbourhood.settlement import anchor, checkpoints, flag_something, settle
from tests.neighbourhood.street import GATE, SLOT_NOW, Neighbourhood, forecast, measure, price, profile
from tests.neighbourhood.trades import clear_next, sell_next, trade

__all__ = ["SLOT_NOW", "Neighbourhood", "build", "clear_next", "sell_next"]


def build(*, days: int = 2, neighbours: int = 7) -> Neighbourhood:
    """Alice's zone with `days` of the past, today until NOW, and prices until tomorrow night."""
    people = factories.people()
    suns = (0, 2_400, 0, 0, 3_000, 0, 0)
    homes = [people.home] + [
        factories.home(people.zone, f"Sonnengasse {14 + 2 * at}", pv_peak_w=suns[at % len(suns)])
        for at in range(neighbours)
    ]
    made = Neighbourhood(people, homes)
    first = (TODAY - days) * SLOTS_PER_DAY
    for seed, home in enumerate(homes):
        made.energy[home.point] = profile(home, random.Random(seed), range(first, SLOT_NOW + 2 * SLOTS_PER_DAY))
    with transaction.atomic():
        forecast(made, range((TODAY - 1) * SLOTS_PER_DAY, (TODAY + 2) * SLOTS_PER_DAY))
        price(made, range((TODAY - 1) * SLOTS_PER_DAY, (TODAY + 2) * SLOTS_PER_DAY))
        trade(made, range((TODAY - 1) * SLOTS_PER_DAY, SLOT_NOW + GATE))
        anchor(seq=0, size=log_size(), at=slot_start((TODAY - 1) * SLOTS_PER_DAY) - timedelta(hours=2))
        measure(made, range(first, SLOT_NOW))
        checkpoints()
        made.run = settle(made, TODAY - 1)
        flag_something(made)
    return made
