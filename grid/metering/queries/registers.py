"""Register readings, with the log index of the READING entry they came in.

They stand in blocks, one per envelope. No instant of a meter is in two blocks; the time spans of blocks may cross.
"""

from collections.abc import Sequence
from typing import Any

from django.db import connection

from grid.domain.registers import Reading
from grid.domain.slots import DAY_SECONDS
from grid.metering.packing import unpack

LONGEST_SPAN = 35 * DAY_SECONDS
"""No record covers more time than this, so that a look-up knows where to stop."""

_COLUMNS = "b.meter_id, b.log_index, b.packed"
_AROUND = f"""
    WITH m(id) AS (SELECT unnest(%(meters)s::bigint[]))
    SELECT {_COLUMNS} FROM m CROSS JOIN LATERAL (
        SELECT * FROM metering_registerblock
        WHERE meter_id = m.id AND last_at < %(first)s ORDER BY last_at DESC LIMIT 1
    ) b
    UNION ALL
    SELECT {_COLUMNS} FROM m JOIN metering_registerblock b ON b.meter_id = m.id
        AND b.last_at >= %(first)s AND b.last_at <= %(last)s + {LONGEST_SPAN} AND b.first_at <= %(last)s
    UNION ALL
    SELECT {_COLUMNS} FROM m CROSS JOIN LATERAL (
        SELECT * FROM metering_registerblock
        WHERE meter_id = m.id AND first_at > %(last)s ORDER BY first_at LIMIT 1
    ) b
"""  # fixed text only
_NEWEST = f"""
    SELECT {_COLUMNS} FROM unnest(%(meters)s::bigint[]) AS m(id) CROSS JOIN LATERAL (
        SELECT * FROM metering_registerblock WHERE meter_id = m.id ORDER BY last_at DESC LIMIT 1
    ) b
"""


def readings_around(meters: Sequence[int], *, first: int, last: int) -> dict[int, list[Reading]]:
    """Return each meter's readings from `first` to `last` (unix, both included), and the next one on either side."""
    blocks: dict[int, list[Reading]] = {meter: [] for meter in meters}
    for meter, log_index, packed in _rows(_AROUND, meters=list(meters), first=first, last=last):
        blocks[meter] += _readings(log_index, packed)
    return {meter: _cut(sorted(found), first, last) for meter, found in blocks.items()}


def _cut(readings: list[Reading], first: int, last: int) -> list[Reading]:
    """Return the readings of a range, and one on either side of it."""
    start = sum(1 for reading in readings if reading.at < first)
    stop = sum(1 for reading in readings if reading.at <= last)
    return readings[max(0, start - 1) : stop + 1]


def last_registers(meters: Sequence[int]) -> dict[int, Reading]:
    """Return each meter's newest register reading; a silent meter is absent."""
    rows = _rows(_NEWEST, meters=list(meters))
    return {meter: _readings(log_index, packed)[-1] for meter, log_index, packed in rows}


_DELAYS = """
    SELECT m.id, floor(extract(epoch FROM e.received_at))::bigint - b.last_at
    FROM unnest(%(meters)s::bigint[]) AS m(id) CROSS JOIN LATERAL (
        SELECT envelope_id, last_at FROM metering_registerblock
        WHERE meter_id = m.id AND last_at <= %(last)s ORDER BY last_at DESC LIMIT %(limit)s
    ) b JOIN metering_envelope e ON e.id = b.envelope_id
"""


def delays(meters: Sequence[int], *, last: int, limit: int) -> dict[int, list[int]]:
    """Return the seconds from a record's last register (at most `last`) to its receipt, of each meter's newest ones."""
    found: dict[int, list[int]] = {}
    for meter, seconds in _rows(_DELAYS, meters=list(meters), last=last, limit=limit):
        found.setdefault(meter, []).append(seconds)
    return found


def reading_count() -> int:
    """Return how many register readings there are (the blocks' heads hold their counts)."""
    statement = "SELECT sum(get_byte(packed, 3) + 256 * get_byte(packed, 4)) FROM metering_registerblock"
    ((count,),) = _rows(statement)
    return int(count or 0)


def _readings(log_index: int, packed: Any) -> list[Reading]:
    return [Reading(*reading, log_index) for reading in unpack(bytes(packed))]


def _rows(statement: str, **parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())
