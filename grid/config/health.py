"""Is this web process alive, and can it serve: for load balancers and supervisors."""

import logging
from typing import Any

from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse

from grid import clock
from grid.chain.models import Block
from grid.chain.queries import halted

logger = logging.getLogger(__name__)


def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers; nothing else is asked."""
    return JsonResponse({"status": "live"})


def readyz(request: HttpRequest) -> HttpResponse:
    """503 without database or Valkey. The chain's age is told and does not fail it: pages work without."""
    parts = {"database": _database(), "valkey": _valkey()}
    body: dict[str, Any] = {
        "status": "ready" if all(parts.values()) else "not ready",
        **{name: "ok" if fine else "down" for name, fine in parts.items()},
        "chain": _chain() if parts["database"] else None,
    }
    return JsonResponse(body, status=200 if all(parts.values()) else 503)


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Exception:
        logger.exception("the database does not answer")
        return False
    return True


def _valkey() -> bool:
    try:
        cache.set("readyz", 1, 10)
    except Exception:
        logger.exception("Valkey does not answer")
        return False
    return True


def _chain() -> dict[str, int | str | None]:
    """Number and age (platform seconds) of the newest indexed block, and why the market is halted if it is."""
    halt = halted()
    reason = halt.reason if halt else None
    head = Block.objects.order_by("-number").first()
    if head is None:
        return {"head": None, "age_seconds": None, "halted": reason}
    age = max(0, int(clock.timestamp()) - head.timestamp)
    return {"head": head.number, "age_seconds": age, "halted": reason}
