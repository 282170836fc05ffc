"""Which zones have slots to close."""

from datetime import datetime
from uuid import UUID

from grid.domain.slots import SLOT_SECONDS
from grid.metering.models import SlotClose


def zones_due(*, now: datetime, grace_seconds: int) -> list[UUID]:
    """Return the zones, in a fixed order, with slots that ended at least `grace_seconds` ago and are not closed.

    A zone that never closed a slot is not among them.
    """
    due = (int(now.timestamp()) - grace_seconds) // SLOT_SECONDS
    return list(SlotClose.objects.filter(next_slot__lt=due).order_by("zone_id").values_list("zone_id", flat=True))
