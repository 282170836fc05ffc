"""Group commit: requests that come while another commits are committed together by one of them.

The thread that finds nobody leading leads: it stores everything that waits in one transaction, with one append to
the log, and wakes the others; then it hands over to the first that came meanwhile. A commit costs a flush of the disk
however much it holds, so under load a thread waits about as long as alone and far more gets through.

Who was just answered is likely to come again at once. So a leader waits for as many requests as there were around
the last commit, at most half as long as that took and never more than GATHER_SECONDS; alone it does not wait at all.
"""

import logging
import threading
import time
from collections import deque
from dataclasses import dataclass, field

from django.db import InterfaceError, OperationalError, connection

from grid.metering.errors import Unavailable
from grid.metering.services.checking import Batch
from grid.metering.services.storing import store

GROUP_RECORDS = 1024
"""Records that a group has at most, so that the log is never locked for long."""
GATHER_SECONDS = 0.005
DATABASE_DOWN = (OperationalError, InterfaceError)

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Job:
    batch: Batch
    woken: threading.Event = field(default_factory=threading.Event)
    done: bool = False
    """False when woken: lead."""
    error: Exception | None = None


class Committer:
    """One per process. Whatever one batch does to the database, the others of its group are answered for themselves."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._waiting: deque[_Job] = deque()
        self._led = False
        self._wanted = 0
        self._enough = threading.Event()
        self._patience = 0.0

    def submit(self, batch: Batch) -> None:
        """Store a batch with whatever else waits; its results are there, durably, when this returns.

        Raises one of DATABASE_DOWN when nothing of it was kept.
        """
        job = _Job(batch)
        with self._mutex:
            self._waiting.append(job)
            lead, self._led = not self._led, True
            if len(self._waiting) >= self._wanted:
                self._enough.set()
        if not lead:
            job.woken.wait()
        if not job.done:
            self._lead()
        if job.error is not None:
            raise job.error

    def _lead(self) -> None:
        """Store a group, ours first in it, and hand over."""
        group = self._gather()
        began = time.perf_counter()
        try:
            self._store(group)
        except BaseException:
            for job in group:
                job.error = job.error or InterfaceError("the thread that stored the readings was ended")
            raise
        finally:
            self._hand_over(group, time.perf_counter() - began)

    def _gather(self) -> list[_Job]:
        self._enough.clear()
        if len(self._waiting) < self._wanted:
            self._enough.wait(self._patience)
        with self._mutex:
            group = [self._waiting.popleft()]
            records = len(group[0].batch.candidates)
            while self._waiting and records + len(self._waiting[0].batch.candidates) <= GROUP_RECORDS:
                group.append(self._waiting.popleft())
                records += len(group[-1].batch.candidates)
        return group

    def _hand_over(self, group: list[_Job], seconds: float) -> None:
        for job in group:
            job.done = True
        with self._mutex:
            self._wanted = len(group) + len(self._waiting)
            self._patience = min(GATHER_SECONDS, seconds / 2)
            if self._wanted == 1:
                self._wanted = 0
            following = self._waiting[0] if self._waiting else None
            self._led = following is not None
        if following is not None:
            following.woken.set()
        for job in group:
            job.woken.set()

    def _store(self, group: list[_Job]) -> None:
        try:
            self._together(group)
        except DATABASE_DOWN as error:
            for job in group:
                job.error = error
        except Exception:
            for job in group:
                self._alone(job)

    def _together(self, group: list[_Job]) -> None:
        batches, now = [job.batch for job in group], max(job.batch.now for job in group)
        try:
            store(batches, now=now)
        except DATABASE_DOWN:
            if connection.in_atomic_block:
                raise
            # A server that was restarted meanwhile is met on a new connection. What was committed after all is
            # found there, and answered as a duplicate with its receipt.
            connection.close()
            store(batches, now=now)

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
                    refusal = Unavailable("record", "the platform failed on it", "Send the same record again later")
                    batch.refuse(candidate.position, refusal)
            batch.candidates = []


committer = Committer()
