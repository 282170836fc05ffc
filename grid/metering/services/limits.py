"""How much one meter and one address may send: counted per minute, shared by all processes through Valkey.

Each process counts for itself and, about once a second, tells Valkey of those it counted a sixteenth of their limit
for, and learns what all processes counted of them together. So hardly a request waits for Valkey, and a limit may be
overstepped by what passes within a second, and by a sixteenth for each process.
Without Valkey each process goes on with its own counts: limits grow looser, readings are taken as before.

A meter is counted once its signature held, so that nobody else can use up its allowance.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

import redis
from django.conf import settings

WINDOW_SECONDS = 60
SYNC_SECONDS = 1.0
PAUSE_SECONDS = 30.0
"""How long a Valkey that did not answer is left alone."""
TIMEOUT_SECONDS = 0.2
SHARES = 16
"""A process tells the others of a name once it has counted this part of its limit."""
KEPT = 100_000
"""Names in memory; beyond them a window's counts are dropped, which only ever allows more."""

logger = logging.getLogger(__name__)


def _connect() -> Any:
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS
    )


class Limit:
    """At most `most()` units per name and minute; 0 is no limit."""

    def __init__(
        self,
        kind: str,
        most: Callable[[], int],
        *,
        now: Callable[[], float] = time.time,
        connect: Callable[[], Any] = _connect,
    ) -> None:
        self._kind = kind
        self._most = most
        self._now = now
        self._connect = connect
        self._client: Any = None
        self._window = 0
        self._seen: dict[str, int] = {}
        self._unsent: dict[str, int] = {}
        self._due: set[str] = set()
        self._next_sync = 0.0
        self._syncing = threading.Lock()

    def take(self, name: str, units: int = 1) -> int:
        """Count units for a name; return 0, or after how many seconds to come back when they are too many."""
        most = self._most()
        if not most:
            return 0
        now = self._now()
        window = int(now) // WINDOW_SECONDS
        if window != self._window or len(self._seen) > KEPT:
            self._window, self._seen, self._unsent, self._due = window, {}, {}, set()
        if self._seen.get(name, 0) + units > most:
            return self.seconds_left()
        self._seen[name] = self._seen.get(name, 0) + units
        self._unsent[name] = unsent = self._unsent.get(name, 0) + units
        if unsent * SHARES >= most:
            self._due.add(name)
        if self._due and now >= self._next_sync and self._syncing.acquire(blocking=False):
            try:
                self._sync(now, window)
            finally:
                self._syncing.release()
        return 0

    def seconds_left(self) -> int:
        """Return the seconds until counting begins anew."""
        return WINDOW_SECONDS - int(self._now()) % WINDOW_SECONDS

    def _sync(self, now: float, window: int) -> None:
        self._next_sync = now + SYNC_SECONDS
        due, self._due = self._due, set()
        sent = {name: self._unsent.pop(name, 0) for name in due}
        key = f"ingest:{self._kind}:{window}"
        try:
            if self._client is None:
                self._client = self._connect()
            with self._client.pipeline(transaction=False) as pipe:
                for name, units in sent.items():
                    pipe.hincrby(key, name, units)
                pipe.expire(key, 2 * WINDOW_SECONDS)
                totals = pipe.execute()[:-1]
        except redis.RedisError as error:
            self._client = None
            self._next_sync = now + PAUSE_SECONDS
            logger.warning("limits of this process are its own for %.0f s: Valkey says %s", PAUSE_SECONDS, error)
            return
        for name, total in zip(sent, totals, strict=True):
            self._seen[name] = max(self._seen.get(name, 0), total + self._unsent.get(name, 0))


meters = Limit("meter", lambda: settings.INGEST_METER_RECORDS_PER_MINUTE)
addresses = Limit("address", lambda: settings.INGEST_ADDRESS_RECORDS_PER_MINUTE)


def address(remote: str, forwarded: str) -> str:
    """Return the sender's address: what the outermost proxy of ours saw, where INGEST_PROXIES says there are some."""
    proxies = settings.INGEST_PROXIES
    if not proxies or not forwarded:
        return remote
    hops = [hop.strip() for hop in forwarded.split(",")]
    return hops[-proxies] if proxies <= len(hops) else hops[0]
