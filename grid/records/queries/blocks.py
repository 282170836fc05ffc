"""Blocks of entries as they are stored."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from grid.records.blocks import Block

_COLUMNS = "b.first, b.created_at, b.size, b.mac, b.head, b.hashes, b.data"


def end() -> tuple[int, datetime | None]:
    """Return how many entries the log has, and when the last of them was appended."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT first + size, created_at FROM records_entryblock ORDER BY first DESC LIMIT 1")
        found = cursor.fetchone()
    return found if found else (0, None)


def end_and_erasures() -> tuple[int, datetime | None, int]:
    """Return the log's end as `end`, and the id of the newest erasure. For who holds the log's lock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT b.first + b.size, b.created_at, coalesce((SELECT max(id) FROM records_erasure), 0)"
            " FROM (SELECT) AS one LEFT JOIN LATERAL"
            " (SELECT first, size, created_at FROM records_entryblock ORDER BY first DESC LIMIT 1) AS b ON true"
        )
        size, created_at, newest = cursor.fetchone()
    return size or 0, created_at, newest


def holding(indices: Collection[int]) -> dict[int, Block]:
    """Return the blocks that hold these entries, by index; an entry that does not exist is absent."""
    wanted = sorted(set(indices))
    if not wanted:
        return {}
    # Two descents of the primary key a block, whatever the planner believes of the table.
    sql = (
        "WITH f AS MATERIALIZED (SELECT DISTINCT"
        " (SELECT i.first FROM records_entryblock i WHERE i.first <= w.index ORDER BY i.first DESC LIMIT 1) AS first"
        " FROM unnest(%s::bigint[]) AS w (index))"
        f" SELECT {_COLUMNS} FROM f, LATERAL (SELECT * FROM records_entryblock e WHERE e.first = f.first LIMIT 1) AS b"
        " ORDER BY b.first"
    )
    found: dict[int, Block] = {}
    position = 0
    for block in _fetch(sql, [wanted]):
        while position < len(wanted) and wanted[position] < block.first + block.size:
            if wanted[position] >= block.first:
                found[wanted[position]] = block
            position += 1
    return found


def following(first: int, limit: int) -> list[Block]:
    """Return up to `limit` blocks whose entries begin at `first` or later, in order."""
    return _fetch(
        f"SELECT {_COLUMNS} FROM records_entryblock b WHERE b.first >= %s ORDER BY b.first LIMIT %s", [first, limit]
    )


def latest(entries: int) -> list[Block]:
    """Return the last blocks, newest first, with the last `entries` entries of the log."""
    size, _ = end()
    return following(_start(max(0, size - entries)), entries)[::-1]


def _start(index: int) -> int:
    """Return the first entry of the block that holds an entry, or the entry's own index."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(first) FROM records_entryblock WHERE first <= %s", [index])
        (found,) = cursor.fetchone()
    return index if found is None else int(found)


def leaf_hashes(indices: Collection[int]) -> dict[int, bytes]:
    """Return the leaf hashes of entries, by index, reading no more of their blocks than these."""
    sql = """
        SELECT w.index, substr(b.hashes, 1 + 32 * (w.index - b.first)::int, 32)
        FROM unnest(%s::bigint[]) AS w (index), LATERAL (
            SELECT first, size, hashes FROM records_entryblock e WHERE e.first <= w.index ORDER BY e.first DESC LIMIT 1
        ) AS b WHERE w.index < b.first + b.size
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, [list(set(indices))])
        return {index: bytes(found) for index, found in cursor.fetchall()}


def size_at(moment: datetime) -> int:
    """Return how many entries the log had at a moment.

    The times of blocks never fall, so a search by halves finds the first block after it: some twenty
    look-ups in the index of a log of ten million entries.
    """
    size, last = end()
    if last is None or last <= moment:
        return size
    with connection.cursor() as cursor:
        low, high = 0, size
        while low < high:
            middle = (low + high) // 2
            cursor.execute(
                "SELECT first, size, created_at FROM records_entryblock WHERE first <= %s ORDER BY first DESC LIMIT 1",
                [middle],
            )
            first, count, created_at = cursor.fetchone()
            if created_at <= moment:
                low = first + count
            else:
                high = first
    return low


def _fetch(sql: str, values: Sequence[Any]) -> list[Block]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [
            Block(first, created_at, size, bytes(mac), bytes(head), bytes(hashes), bytes(data))
            for first, created_at, size, mac, head, hashes, data in cursor.fetchall()
        ]
