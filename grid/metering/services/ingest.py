"""Taking in signed records: checked, logged, receipted. Nothing is answered before it is committed.

A record sent again gets the receipt it got before. Another record under a used counter is kept as evidence of a
fork. `ingest` has a transaction of its own; `ingest_shared` shares one with requests of other threads.
"""

from collections.abc import Sequence
from datetime import datetime

from grid.metering.services.checking import ItemResult, prepare
from grid.metering.services.grouping import committer
from grid.metering.services.storing import store

__all__ = ["ItemResult", "ingest", "ingest_shared"]


def ingest(*, records: Sequence[str | bytes], now: datetime, serials: Sequence[str] | None = None) -> list[ItemResult]:
    """Take in records, in order, and return one result for each. Bad ones do not touch good ones.

    `serials` names the meter that each record must be of, where the way it came says so.
    """
    batch = prepare(records=records, now=now, serials=serials)
    store([batch], now=now)
    return batch.in_order()


def ingest_shared(*, records: Sequence[str | bytes], now: datetime) -> list[ItemResult]:
    """As `ingest`; records that other threads bring at the same time are committed together with these."""
    batch = prepare(records=records, now=now)
    if batch.candidates:
        committer.submit(batch)
    return batch.in_order()
