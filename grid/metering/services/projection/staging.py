"""INTERVAL entries of the log, opened again into a table of their own.

Its rows outlive a run that was stopped: the next one goes on where it ended. Progress is committed with the
rows it stands for.
"""

import struct
from collections.abc import Callable, Iterable
from uuid import UUID

from django.db import connection, transaction

from grid.domain.entries import EntryKind
from grid.metering.errors import MeteringError
from grid.metering.models import MeteringPoint
from grid.metering.services.copying import copy_rows, microseconds
from grid.records.queries.entries import LogEntry
from grid.records.queries.walking import walk

TABLE = "metering_rebuilt_interval"
PROGRESS = "metering_rebuilt_progress"
_COLUMNS = "log_index, known_at, slot, point_id, import_wh, export_wh, version, quality"
_pack = struct.Struct("!hiqiqiiiiiiiiihih").pack
_START = f"INSERT INTO {PROGRESS} SELECT 0, 0, 0 WHERE NOT EXISTS (SELECT FROM {PROGRESS})"
_INCOMING = f"CREATE TEMPORARY TABLE IF NOT EXISTS {TABLE}_incoming (LIKE metering_interval) ON COMMIT DELETE ROWS"
# Of two entries with the same version the lower index counts (PROTOCOL §1).
_KEEP_FIRST = f"""
    INSERT INTO {TABLE} ({_COLUMNS}) SELECT {_COLUMNS} FROM {TABLE}_incoming ORDER BY log_index
    ON CONFLICT (slot, point_id, version) DO NOTHING
"""

Progress = Callable[[str, int, int], None]
"""Called with what is being read, how far, and of how much."""


def stage(size: int, progress: Progress) -> int:
    """Read the log's first `size` entries, from where an earlier run ended; return how many INTERVALs are erased.

    Raises LogDamaged that names an entry which does not open, MeteringError for a point nobody registered.
    """
    with connection.cursor() as cursor:
        cursor.execute(_START)
        cursor.execute(f"SELECT next_index, erased FROM {PROGRESS}")
        first, erased = cursor.fetchone()
    numbers = dict(MeteringPoint.objects.values_list("pk", "number"))
    for stretch in walk({EntryKind.INTERVAL}, first=first, size=size):
        erased += len(stretch.erased)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_INCOMING)
            copy_rows(cursor, f"{TABLE}_incoming ({_COLUMNS})", _rows(stretch.opened, numbers))
            cursor.execute(_KEEP_FIRST)
            cursor.execute(f"UPDATE {PROGRESS} SET next_index = %s, erased = %s", [stretch.stop, erased])
        progress("log entries", stretch.stop, size)
    return int(erased)


def clear() -> None:
    """Delete what was staged."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {TABLE}")
        cursor.execute(f"DELETE FROM {PROGRESS}")


def _rows(entries: Iterable[LogEntry], numbers: dict[UUID, int]) -> Iterable[bytes]:
    for entry in entries:
        fields = entry.fields
        word = fields["point"]
        if not isinstance(word, bytes) or (number := numbers.get(UUID(bytes=word[-16:]))) is None:
            raise MeteringError(f"Entry {entry.index} is of a point that is not registered: restore its row first.")
        yield _pack(
            8,
            *(8, entry.index),
            *(8, microseconds(entry.created_at)),
            *(4, fields["slot"]),
            *(4, number),
            *(4, fields["importWh"]),
            *(4, fields["exportWh"]),
            *(2, fields["version"]),
            *(2, fields["quality"]),
        )
