"""Gate closure: orders are made and auctions held when a slot's gate has passed, before delivery begins."""

from datetime import datetime

from django.db import transaction

from grid.accounts.models import Zone
from grid.domain.slots import DAY_SECONDS, slot_of
from grid.market.models import Auction
from grid.market.queries.inputs import signals_at_gate
from grid.market.services import auctions, orders
from grid.pricing import queries as pricing

# A day of slots at a time would let morning orders that nobody fills use up the energy of the day.
BATCH = 4


def sweep_gates(*, zone: Zone, now: datetime) -> int:
    """Hold the auctions that are due and return how many.

    Due is a slot whose gate has passed and whose delivery has not begun, with a price signal anchored before
    the gate. A slot that is missed (no signal in time, platform down) settles as residual supply.
    """
    seconds = int(now.timestamp())
    lead = pricing.profile_on(zone.community, seconds // DAY_SECONDS).windows.gate_lead_slots
    # Delivery of the current slot has begun; the gate of slot s passes at the start of slot s - lead.
    candidates = range(slot_of(seconds) + 1, slot_of(seconds) + lead + 1)
    held = set(Auction.objects.filter(zone=zone, slot__in=candidates).values_list("slot", flat=True))
    missing = [slot for slot in candidates if slot not in held]
    due = sorted(signals_at_gate(zone, missing, lead=lead).items()) if missing else []
    done = 0
    for start in range(0, len(due), BATCH):
        signals = dict(due[start : start + BATCH])
        with transaction.atomic():
            orders.generate_from_mandates(zone=zone, signals=signals, now=now)
            done += len(auctions.clear(zone=zone, signals=signals, now=now))
    return done
