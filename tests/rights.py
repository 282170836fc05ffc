"""Tests work as the role of web and workers; here is how they act as somebody with more rights."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def owner() -> Iterator[None]:
    """As the owner of the tables, whom triggers still stop. Inside a transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        (role,) = cursor.fetchone()
        cursor.execute("SET LOCAL ROLE NONE")
        yield
        if not connection.needs_rollback:
            cursor.execute(f"SET LOCAL ROLE {role}")


@contextmanager
def tampering() -> Iterator[None]:
    """As somebody with the database server's own rights: no trigger fires. Inside a transaction."""
    with owner(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        yield
        cursor.execute("SET LOCAL session_replication_role = origin")


def tamper(statement: str) -> None:
    """Run a statement as `tampering`."""
    with tampering(), connection.cursor() as cursor:
        cursor.execute(statement)
