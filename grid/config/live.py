"""News for open pages: small hints over Valkey ("an auction was cleared in this zone"), never personal data.

A page that gets a hint fetches its own part again, under its reader's rights; so a lost hint costs a
refresh, and losing Valkey loses nothing. Replay after a reconnect is read from the database.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from uuid import UUID

import redis
from django.conf import settings
from django.db.models import Q

from grid import clock
from grid.accounts.models import Zone
from grid.market.models import Auction
from grid.metering.models import SlotClose, ZoneSlot
from grid.pricing.models import PriceSignal
from grid.settlement.models import SettlementRun

CHANNEL = "grid.live"
LAST_KEY = "grid.live.last"
REPLAY = timedelta(minutes=10)
"""How far back a reconnecting page is told, on the wall clock."""

KINDS = {"slots": "readings", "gates": "auction", "prices": "prices", "runs": "run", "posted": "run", "index": "run"}
"""The kind of news that a step of the flow makes. What the chain did may have moved money, as a run does."""


@dataclass(frozen=True)
class News:
    """Something of a kind happened in a zone. `id` is platform time in milliseconds, for Last-Event-ID."""

    id: int
    zone: UUID
    kind: str

    def message(self) -> str:
        """What goes through Valkey."""
        return json.dumps({"id": self.id, "zone": str(self.zone), "kind": self.kind})


def publish(news: Iterable[News]) -> int:
    """Send news to every live process; returns how many."""
    messages = [each.message() for each in news]
    if messages:
        pipe = _valkey().pipeline(transaction=False)
        for message in messages:
            pipe.publish(CHANNEL, message)
        pipe.execute()
    return len(messages)


def publish_news(counts: Mapping[str, int]) -> int:
    """After a pass over the flow: tell the zones in which its steps did something. `counts` is by step."""
    kinds = {kind for step, kind in KINDS.items() if counts.get(step)}
    if not kinds:
        return 0
    until = clock.now()
    last = _valkey().get(LAST_KEY)
    after = _instant(int(last)) if last else until - REPLAY
    found = {(zone, kind) for zone, kind in _happened(min(after, until), None) if kind in kinds}
    if "run" in kinds:
        # A run's state follows the chain, whose time says nothing about when we learned of it.
        found |= {(zone, "run") for zone in Zone.objects.values_list("id", flat=True)}
    sent = publish(News(_number(until), zone, kind) for zone, kind in sorted(found, key=str))
    _valkey().set(LAST_KEY, _number(until))
    return sent


def news_since(last_id: int, zones: Iterable[UUID]) -> list[News]:
    """What a page of these zones missed since an event id, from the database; at most REPLAY back."""
    now = clock.now()
    earliest = now - REPLAY * max(1.0, clock.speed())
    chosen = list(zones)
    after = max(_instant(last_id), earliest) if last_id > 0 else earliest
    return [News(_number(now), zone, kind) for zone, kind in sorted(_happened(after, chosen), key=str)]


def _happened(after: datetime, zones: list[UUID] | None) -> set[tuple[UUID, str]]:
    """Zone and kind of everything written after an instant; slot numbers keep each query on an index."""
    first_slot = int(after.timestamp()) // 900 - 96
    here = Q() if zones is None else Q(zone__in=zones)
    recent = here & Q(slot__gte=first_slot)
    found = {(zone, "auction") for zone in _zones(Auction.objects.filter(recent, cleared_at__gt=after))}
    found |= {(zone, "prices") for zone in _zones(PriceSignal.objects.filter(recent, published_at__gt=after))}
    runs = SettlementRun.objects.filter(here, Q(created_at__gt=after) | Q(posted_at__gt=after))
    found |= {(zone, "run") for zone in _zones(runs)}
    for zone, next_slot in SlotClose.objects.filter(here).values_list("zone_id", "next_slot"):
        closed = ZoneSlot.objects.filter(zone=zone, slot=next_slot - 1, known_at__gt=after)
        if closed.exists():
            found.add((zone, "readings"))
    return found


def _zones(rows: object) -> set[UUID]:
    return set(rows.values_list("zone_id", flat=True).distinct())  # type: ignore[attr-defined]


def _number(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)


def _instant(number: int) -> datetime:
    """The instant of an event id; a nonsensical one is the epoch."""
    return datetime.fromtimestamp(min(max(number, 0), 10**14) / 1000, UTC)


@cache
def _valkey() -> "redis.Redis":
    return redis.Redis.from_url(settings.REDIS_URL)
