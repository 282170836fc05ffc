"""One process at a time: locks that PostgreSQL frees when the connection of a killed process ends."""

import contextlib
from collections.abc import Iterator
from hashlib import sha256

from django.db import connection


def lock_of(name: str) -> int:
    """Return the advisory lock of a name."""
    return int.from_bytes(sha256(b"commonwatt.lock." + name.encode()).digest()[:8], "big", signed=True)


@contextlib.contextmanager
def owned(name: str) -> Iterator[bool]:
    """Own a name while the block runs, across transactions; False when another process owns it."""
    lock = lock_of(name)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [lock])
        (mine,) = cursor.fetchone()
    try:
        yield mine
    finally:
        if mine:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [lock])
