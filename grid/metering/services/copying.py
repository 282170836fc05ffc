"""Rows in the binary form of COPY: the quick way into PostgreSQL."""

import struct
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

_HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_END = struct.pack("!h", -1)
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def copy_rows(cursor: Any, table_and_columns: str, rows: Iterable[bytes]) -> None:
    """Write rows, each a field count and length-prefixed fields, by COPY."""
    with cursor.copy(f"COPY {table_and_columns} FROM STDIN (FORMAT BINARY)") as copy:
        copy.write(_HEADER + b"".join(rows) + _END)


def microseconds(moment: datetime) -> int:
    """Return a moment as PostgreSQL's timestamptz counts it."""
    return (moment - _EPOCH) // _MICROSECOND
