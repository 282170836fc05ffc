"""One pass over the flow: metering, sentinel, forecasts, pricing, market, settlement, log, chain.

Every step sweeps rows of the steps before it, so a pass may be lost, repeated or late: the next one
does what is left. A step that fails is logged and does not keep the others from their work.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from uuid import UUID

from django.db import close_old_connections, connection

from grid.accounts.models import Zone
from grid.chain import queries as chain_queries
from grid.chain.services import indexer, sender
from grid.config import live
from grid.forecasts import services as forecasts
from grid.market.services import gates
from grid.metering.queries.closing import zones_due
from grid.metering.services import slots
from grid.pricing import services as pricing
from grid.pricing.queries import NoProfile
from grid.records.services import checkpoints
from grid.sentinel import services as sentinel
from grid.settlement.services import runs, withdrawals

logger = logging.getLogger(__name__)

# One pass at a time over the whole platform, whoever asks for it.
LOCK = 0x57415454

# What waits while the market is halted: nothing new is traded, posted or anchored. Readings, the log,
# members' withdrawals, and whatever was sent already go on.
HALTED_STEPS = frozenset({"gates", "anchor", "post"})


@dataclass
class Pass:
    """What one pass did: a count and seconds for each step, the steps that failed, whether the market is halted."""

    counts: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    halted: bool = False

    def step(self, name: str, work: Callable[[], int]) -> None:
        if self.halted and name in HALTED_STEPS:
            return
        began = time.perf_counter()
        try:
            done = work()
        except NoProfile:
            done = 0  # a community that has adopted no rules yet does not trade
        except Exception as error:
            logger.exception("flow step %s failed", name)
            self.failures[name] = f"{type(error).__name__}: {error}"
            close_old_connections()
            done = 0
        self.counts[name] = self.counts.get(name, 0) + done
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - began


def sweep(*, now: datetime, wait: bool = False) -> Pass | None:
    """Run every step once. Returns None when another pass runs and `wait` is false."""
    with connection.cursor() as cursor:
        if wait:
            cursor.execute("select pg_advisory_lock(%s)", [LOCK])
        else:
            cursor.execute("select pg_try_advisory_lock(%s)", [LOCK])
            if not cursor.fetchone()[0]:
                return None
    try:
        return _sweep(now)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_unlock(%s)", [LOCK])


def shared_zones(*, now: datetime) -> list[UUID]:
    """Return the zones with slots to close, if there are several: more processes than the pass's can close them."""
    zones = zones_due(now=now, grace_seconds=slots.GRACE_SECONDS)
    return zones if len(zones) > 1 else []


def close_zone(zone_id: UUID, *, now: datetime) -> int:
    """Close a zone's due slots beside the pass; return how many intervals were written, 0 when another is at it.

    Only this step: what a slot holds depends on nothing outside its zone, while orders and runs share accounts.
    """
    key = int.from_bytes(zone_id.bytes[:4], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_lock(%s, %s)", [LOCK, key])
        if not cursor.fetchone()[0]:
            return 0
    try:
        count = slots.close_due(zone=Zone.objects.get(pk=zone_id), now=now)
        live.publish_news({"slots": count})
        return count
    finally:
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_unlock(%s, %s)", [LOCK, key])


ZONE_STEPS: dict[str, Callable[..., int]] = {
    "slots": slots.close_due,
    "sentinel": sentinel.watch,
    "forecasts": forecasts.plan_due,
    "prices": pricing.publish_due,
    "gates": gates.sweep_gates,
    "runs": runs.compute_due,
}


def _sweep(now: datetime) -> Pass:
    done = Pass(halted=chain_queries.halted() is not None)
    for zone in Zone.objects.select_related("community"):
        for name, service in ZONE_STEPS.items():
            done.step(name, partial(service, zone=zone, now=now))
    done.step("checkpoint", lambda: checkpoints.sign_checkpoint(now=now))
    done.step("anchor", lambda: checkpoints.enqueue_anchor(now=now))
    done.step("post", lambda: runs.post_due(now=now))
    done.step("withdrawals", lambda: withdrawals.execute_due(now=now))
    done.step("send", lambda: sender.send_pending(now=now))
    done.step("confirm", lambda: sender.confirm_sent(now=now))
    done.step("index", lambda: indexer.index(now=now))
    done.step("anchored", lambda: checkpoints.note_anchored(now=now))
    done.step("posted", lambda: runs.note_posted(now=now))
    done.step("live", lambda: live.publish_news(done.counts))
    return done
