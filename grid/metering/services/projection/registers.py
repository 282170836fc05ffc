"""Register blocks held against the signed records they come from, and put right, a meter at a time."""

from collections.abc import Iterator
from typing import Any

from django.db import connection, transaction

from grid.metering.models import Envelope, Meter, RegisterBlock
from grid.metering.packing import doubted, pack, unpack
from grid.metering.queries.envelopes import open_envelope
from grid.metering.services.parsing import parse
from grid.metering.services.projection.report import Difference, Report
from grid.metering.services.projection.staging import PROGRESS, Progress
from grid.records.errors import Erased

FETCHED = 200
"""Envelopes opened at once."""

_Row = tuple[int, int, int, int, bytes]
"""Meter, first and last instant, log index, packed readings."""


def compare(report: Report, *, size: int, repair: bool, progress: Progress) -> None:
    """Compare the blocks of every meter; with `repair`, put them right, a transaction for each meter.

    A repair that was stopped is continued behind the last meter it finished.
    """
    last = 0
    if repair:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT last_meter FROM {PROGRESS}")
            (last,) = cursor.fetchone()
    meters = list(Meter.objects.order_by("pk").values_list("pk", flat=True))
    for done, meter in enumerate(meters, start=1):
        if meter > last:
            _meter(report, meter, size=size, repair=repair)
            progress("meters", done, len(meters))


@transaction.atomic
def _meter(report: Report, meter: int, *, size: int, repair: bool) -> None:
    expected = dict(_expected(report, meter, size))
    rows = RegisterBlock.objects.filter(meter=meter, log_index__lt=size).values_list(
        "envelope_id", "meter_id", "first_at", "last_at", "log_index", "packed"
    )
    found: dict[int, _Row] = {row[0]: (row[1], row[2], row[3], row[4], bytes(row[5])) for row in rows}
    differing = sorted(id_ for id_ in expected.keys() | found.keys() if expected.get(id_) != found.get(id_))
    for id_ in differing:
        described = [None if row is None else _described(row) for row in (expected.get(id_), found.get(id_))]
        report.note(Difference("registers", f"envelope {id_}", *described))
    if differing and repair:
        # A block whose log index was changed is not among those found, and in the way all the same.
        RegisterBlock.objects.filter(pk__in=differing).delete()
        columns = ("meter_id", "first_at", "last_at", "log_index", "packed")
        RegisterBlock.objects.bulk_create(
            RegisterBlock(envelope_id=id_, **dict(zip(columns, expected[id_], strict=True)))
            for id_ in differing
            if id_ in expected
        )
    report.registers += len(expected)
    if repair:
        with connection.cursor() as cursor:
            cursor.execute(f"UPDATE {PROGRESS} SET last_meter = %s", [meter])


def _expected(report: Report, meter: int, size: int) -> Iterator[tuple[int, _Row]]:
    """Yield the blocks of a meter by envelope, in the order of the log: what came first counts."""
    taken: set[int] = set()
    kept = Envelope.objects.filter(meter=meter, fork=False, log_index__lt=size).order_by("log_index")
    for envelope in kept.iterator(FETCHED):
        try:
            registers = doubted(parse(open_envelope(envelope)).registers, int(envelope.received_at.timestamp()))
        except Erased:
            report.erased_envelopes += 1
            continue
        fresh = [reading for reading in registers if reading.at not in taken]
        if fresh:
            taken.update(reading.at for reading in fresh)
            values: Any = (meter, fresh[0].at, fresh[-1].at, envelope.log_index, pack(fresh))
            yield envelope.pk, values


def _described(row: _Row) -> str:
    _, first, last, index, packed = row
    try:
        readings = unpack(packed)
        inside = f"{len(readings)} readings, last {readings[-1].import_wh} Wh in, {readings[-1].export_wh} Wh out"
    except Exception:  # whatever a damaged block makes the unpacking stumble over
        inside = f"{len(packed)} bytes that do not unpack"
    return f"{inside}, from {first} to {last}, entry {index}"
