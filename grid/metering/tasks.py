"""Celery's entrance to metering."""

from typing import Any

from celery import shared_task

from grid import clock
from grid.accounts.models import Zone
from grid.metering.services import slots


@shared_task
def close_slots(**kwargs: Any) -> int:
    """Close what is due in every zone."""
    now = clock.now()
    return sum(slots.close_due(zone=zone, now=now) for zone in Zone.objects.order_by("id"))
