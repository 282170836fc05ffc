"""One process at a time: an advisory lock to find out, a token in the database to be sure.

PostgreSQL frees the lock when the connection ends, also where the process lives on and does not know it
(a restarted server, a connection cut while the process slept). So every owner takes the next token, and
writes only in a transaction that has seen its token to be the newest one. Whoever lost the name is refused.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

from django.db import Error, connection, transaction

from grid.chain.errors import Fenced


def lock_of(name: str) -> int:
    """Return the advisory lock of a name."""
    return int.from_bytes(sha256(b"commonwatt.lock." + name.encode()).digest()[:8], "big", signed=True)


@dataclass(frozen=True, slots=True)
class Fence:
    """The ownership of a name: good until another process takes the next token."""

    name: str
    token: int

    @contextlib.contextmanager
    def writing(self, *, durable: bool = False) -> Iterator[None]:
        """A transaction that commits only as owner. Raises Fenced when another process is the owner now.

        The row of the token stays locked until the end: the next owner waits for what is being written.
        """
        with transaction.atomic(durable=durable):
            with connection.cursor() as cursor:
                cursor.execute("SELECT token FROM chain_chainowner WHERE name = %s FOR SHARE", [self.name])
                found = cursor.fetchone()
            if found is None or found[0] != self.token:
                raise Fenced(f"Another process has taken over {self.name}.")
            yield


@contextlib.contextmanager
def owned(name: str) -> Iterator[Fence | None]:
    """Own a name while the block runs, across transactions; None when another process owns it."""
    lock = lock_of(name)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [lock])
        (mine,) = cursor.fetchone()
    if not mine:
        yield None
        return
    try:
        yield Fence(name, _next_token(name))
    finally:
        # A connection that has ended took the lock with it.
        with contextlib.suppress(Error), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [lock])


def _next_token(name: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO chain_chainowner (name, token) VALUES (%s, 1)"
            " ON CONFLICT (name) DO UPDATE SET token = chain_chainowner.token + 1 RETURNING token",
            [name],
        )
        return int(cursor.fetchone()[0])
