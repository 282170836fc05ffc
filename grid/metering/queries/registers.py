"""Register readings, with the log index of the READING entry they came in."""

from collections.abc import Sequence

from django.db import connection

from grid.domain.registers import CLOCK_SKEW_SECONDS, Reading

# The same as grid.domain.registers.clock_is_trusted: a record stamped later than it came has a clock that is ahead.
_TRUSTED = f"r.synchronised AND r.at <= floor(extract(epoch FROM e.received_at)) + {CLOCK_SKEW_SECONDS}"
_COLUMNS = f"r.meter_id, r.at, r.import_wh, r.export_wh, {_TRUSTED}, e.log_index"
_NEIGHBOURS = f"""
    SELECT {_COLUMNS} FROM unnest(%s::bigint[]) AS m(id)
    CROSS JOIN LATERAL (
        SELECT * FROM metering_register WHERE meter_id = m.id AND at {{}} %s ORDER BY at {{}} LIMIT 1
    ) r JOIN metering_envelope e ON e.id = r.envelope_id
"""  # fixed text only
_BETWEEN = f"""
    SELECT {_COLUMNS} FROM metering_register r JOIN metering_envelope e ON e.id = r.envelope_id
    WHERE r.meter_id = ANY(%s) AND r.at >= %s AND r.at <= %s ORDER BY r.meter_id, r.at
"""


def readings_around(meters: Sequence[int], *, first: int, last: int) -> dict[int, list[Reading]]:
    """Return each meter's readings from `first` to `last` (unix, both included), and the next one on either side."""
    found: dict[int, list[Reading]] = {meter: [] for meter in meters}
    ids = list(meters)
    with connection.cursor() as cursor:
        for statement, bounds in (
            (_NEIGHBOURS.format("<", "DESC"), (first,)),
            (_BETWEEN, (first, last)),
            (_NEIGHBOURS.format(">", "ASC"), (last,)),
        ):
            cursor.execute(statement, [ids, *bounds])
            for meter, *values in cursor.fetchall():
                found[meter].append(Reading(*values))
    return found


def last_registers(meters: Sequence[int]) -> dict[int, Reading]:
    """Return each meter's newest register reading; a silent meter is absent."""
    with connection.cursor() as cursor:
        cursor.execute(_NEIGHBOURS.format("<", "DESC"), [list(meters), 2**62])
        return {meter: Reading(*values) for meter, *values in cursor.fetchall()}
