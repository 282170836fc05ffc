"""A look over the whole projection, from the log's first entry to the last one that was there when it began."""

from django.db import connection

from grid.metering.errors import MeteringError
from grid.metering.services.projection import comparing, registers, staging
from grid.metering.services.projection.report import Report
from grid.metering.services.projection.staging import Progress
from grid.records.queries import log_size

_LOCK = 0x50524F4A_454354
"""One look at a time: "PROJECT"."""


def _quiet(what: str, done: int, of: int) -> None:
    pass


def check(*, progress: Progress = _quiet) -> Report:
    """Compare the projection with the log and the envelopes, and change nothing of it.

    Raises LogDamaged where the log itself does not open. What is appended meanwhile is left for the next look.
    """
    return _look(repair=False, progress=progress)


def rebuild(*, progress: Progress = _quiet) -> Report:
    """Make the projection what the log and the envelopes say; an erased period stays empty.

    In parts, a transaction each, so that the platform goes on meanwhile, and so that a run that was stopped is
    continued by the next. The report says what had to be put right.
    """
    return _look(repair=True, progress=progress)


def _look(*, repair: bool, progress: Progress) -> Report:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            raise MeteringError("The projection is being rebuilt or checked already: wait for that run to end.")
    try:
        return _looked(repair=repair, progress=progress)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


def _looked(*, repair: bool, progress: Progress) -> Report:
    report = Report(log_size=log_size())
    report.erased_entries = staging.stage(report.log_size, progress)
    comparing.intervals(report, size=report.log_size, repair=repair, progress=progress)
    comparing.zone_sums(report, repair=repair, progress=progress)
    registers.compare(report, size=report.log_size, repair=repair, progress=progress)
    staging.clear()
    return report
