"""Group commit: requests that come while another commits are committed together by one of them.

The thread that finds nobody committing leads: it stores everything that waits in one transaction, with one append
to the log, and wakes the others. A commit costs a disk's flush however much it holds, so under load each thread
waits about as long as alone and far more gets through. No time is spent waiting for company.
"""

import logging
import threading
from collections import deque
from dataclasses import dataclass

from django.db import InterfaceError, OperationalError

from grid.metering.errors import Unavailable
from grid.metering.services.checking import Batch
from grid.metering.services.storing import store

GROUP_RECORDS = 1024
"""Records that a group has at most, so that the log is never locked for long."""
DATABASE_DOWN = (OperationalError, InterfaceError)

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Job:
    batch: Batch
    done: bool = False
    error: Exception | None = None


class Committer:
    """One per process. Whatever one batch does to the database, the others of its group are answered for themselves."""

    def __init__(self) -> None:
        self._waiting: deque[_Job] = deque()
        self._leading = threading.Lock()

    def submit(self, batch: Batch) -> None:
        """Store a batch with whatever else waits; its results are there, durably, when this returns.

        Raises one of DATABASE_DOWN when nothing of it was kept.
        """
        job = _Job(batch)
        self._waiting.append(job)
        with self._leading:
            while not job.done:
                self._lead()
        if job.error is not None:
            raise job.error

    def _lead(self) -> None:
        group = [self._waiting.popleft()]
        records = len(group[0].batch.candidates)
        while self._waiting and records + len(self._waiting[0].batch.candidates) <= GROUP_RECORDS:
            group.append(self._waiting.popleft())
            records += len(group[-1].batch.candidates)
        try:
            store([job.batch for job in group], now=max(job.batch.now for job in group))
        except DATABASE_DOWN as error:
            for job in group:
                job.error = error
        except Exception:
            for job in group:
                self._alone(job)
        for job in group:
            job.done = True

    def _alone(self, job: _Job) -> None:
        """Store a batch that failed in company by itself, and at last record by record."""
        batch = job.batch
        try:
            store([batch], now=batch.now)
        except DATABASE_DOWN as error:
            job.error = error
        except Exception:
            waiting, batch.candidates = batch.candidates, []
            for candidate in waiting:
                batch.candidates = [candidate]
                try:
                    store([batch], now=batch.now)
                except DATABASE_DOWN as error:
                    job.error = error
                    return
                except Exception:
                    logger.exception("a record of meter %s could not be stored", candidate.registration.serial)
                    batch.refuse(
                        candidate.position,
                        Unavailable("record", "the platform failed on it", "Send the same record again later"),
                    )
            batch.candidates = []


committer = Committer()
