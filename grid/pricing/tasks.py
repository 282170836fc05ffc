"""Hints to publish prices; what is due is found in the rows."""

from celery import shared_task

from grid import clock
from grid.accounts.models import Zone
from grid.pricing import services


@shared_task(ignore_result=True)
def publish(**kwargs: object) -> int:
    """Publish what is due in every zone; returns how many slots."""
    now = clock.now()
    return sum(services.publish_due(zone=zone, now=now) for zone in Zone.objects.select_related("community"))
