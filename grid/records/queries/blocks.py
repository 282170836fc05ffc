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


def holding(indices: Collection[int]) -> dict[int, Block]:
    """Return the blocks that hold these entries, by index; an entry that does not exist is absent."""
    wanted = sorted(set(indices))
    if not wanted:
        return {}
    sql = (
        f"SELECT {_COLUMNS} FROM records_entryblock b WHERE b.first IN (SELECT"
        " (SELECT max(i.first) FROM records_entryblock i WHERE i.first <= w.index)"
        " FROM unnest(%s::bigint[]) AS w (index)) ORDER BY b.first"
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


def hashes_between(start: int, stop: int) -> list[tuple[int, bytes]]:
    """Return (first, leaf hashes) of the blocks from entry `start`, where a block begins, to before `stop`."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT first, hashes FROM records_entryblock WHERE first >= %s AND first < %s ORDER BY first",
            [start, stop],
        )
        return [(first, bytes(hashes)) for first, hashes in cursor.fetchall()]


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
