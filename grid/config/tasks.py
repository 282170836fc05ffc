"""The tasks beat sends. They are hints: a pass that is lost is made up by the next."""

import json
from uuid import UUID

import redis
from celery import shared_task
from django.conf import settings

from grid import clock
from grid.config import flow

# A stepped clock's driver waits this long at most for its answer to be fetched.
ANSWER_SECONDS = 600


@shared_task(ignore_result=True, expires=30)
def sweep(**kwargs: object) -> None:
    """One pass over the flow, unless one runs already or a stepped clock has a driver of its own.

    Where several zones have slots to close, every worker that is free closes some: the pass finds them closed.
    """
    if clock.speed():
        now = clock.now()
        for zone in flow.shared_zones(now=now):
            close_zone.delay(zone=str(zone))
        flow.sweep(now=now)


@shared_task(ignore_result=True, expires=30)
def close_zone(*, zone: str, **kwargs: object) -> None:
    """Close the due slots of one zone, unless another process is at it."""
    if clock.speed():
        flow.close_zone(UUID(zone), now=clock.now())


@shared_task(ignore_result=True)
def sweep_and_tell(*, answer_to: str, **kwargs: object) -> None:
    """One pass over the flow, its result pushed to the Valkey list `answer_to` for who waits there."""
    done = flow.sweep(now=clock.now(), wait=True)
    content = {"counts": done.counts, "seconds": done.seconds, "failures": done.failures} if done else {}
    client = redis.Redis.from_url(settings.REDIS_URL)
    client.lpush(answer_to, json.dumps(content))
    client.expire(answer_to, ANSWER_SECONDS)
