"""How often one address may try something that is worth guessing at. Counted in the cache, by fixed windows."""

from datetime import datetime

from django.core.cache import cache


def seconds_to_wait(*, what: str, address: str, limit: int, window_seconds: int, now: datetime) -> int:
    """Count a try and return 0 while more are allowed, else the seconds until they are."""
    window, passed = divmod(int(now.timestamp()), window_seconds)
    key = f"tries:{what}:{address}:{window}"
    cache.add(key, 0, timeout=window_seconds)
    try:
        count = cache.incr(key)
    except ValueError:  # it expired between the two
        count = 1
    return 0 if count <= limit else window_seconds - passed
