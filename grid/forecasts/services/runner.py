"""Claims planned runs, forecasts them together, stores quantiles and the decision.

Runs of one zone, cutoff and horizon share the history query and the model's design matrix. Imported
by the forecast worker only: it loads the model's libraries.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import numpy as np
import pandas as pd
from django.db import DatabaseError, connection, transaction
from django.db.models import F, Q

from forecasting.config import Config
from forecasting.pipeline import COLUMNS, REFUSED, SeriesForecast, forecast
from forecasting.timeline import HistoryError
from grid.accounts.models import Zone
from grid.domain.entries import DecisionKind, EntryKind
from grid.domain.slots import SLOTS_PER_DAY, day_of, month_of_day, slot_of, slot_start
from grid.forecasts.models import ForecastRun, ForecastState, Target
from grid.forecasts.queries.history import MISSING, Energy, history
from grid.forecasts.services import documents
from grid.records import services as records
from grid.records.queries import log_size

log = logging.getLogger(__name__)

HISTORY_SLOTS = 60 * SLOTS_PER_DAY
STALE = timedelta(minutes=30)
MAX_ATTEMPTS = 3
MAX_BATCH = 400


@dataclass(frozen=True)
class _Result:
    """A run with its answer, ready to be stored."""

    run: ForecastRun
    answer: SeriesForecast
    quantiles: dict[str, list[int]]
    inputs: documents.Inputs


def run_pending(*, now: datetime) -> int:
    """Claim the oldest plan that waits, all its runs at once, and work it off. Returns how many were claimed.

    A run whose worker has not finished in half an hour is claimed again, three times at most.
    """
    waiting = Q(state=ForecastState.PENDING) | Q(state=ForecastState.RUNNING, claimed_at__lte=now - STALE)
    first = ForecastRun.objects.filter(waiting).order_by("id").first()
    if first is None:
        return 0
    same = Q(zone=first.zone_id, cutoff=first.cutoff, from_slot=first.from_slot, to_slot=first.to_slot)
    return _work(_claim(waiting & same, now), now)


def run_one(*, run_id: int, now: datetime) -> bool:
    """Claim and work off one run. Returns False if it is not to be had: done, failed, or claimed by another."""
    waiting = Q(state=ForecastState.PENDING) | Q(state=ForecastState.RUNNING, claimed_at__lte=now - STALE)
    return _work(_claim(waiting & Q(pk=run_id), now), now) == 1


def _claim(which: Q, now: datetime) -> list[ForecastRun]:
    """Mark runs as running. `claimed_at` is the claim: whoever comes to store checks it."""
    with transaction.atomic():
        rows = ForecastRun.objects.select_for_update(skip_locked=True).filter(which).order_by("id")[:MAX_BATCH]
        keys = [row.pk for row in rows]
        worn_out = ForecastRun.objects.filter(pk__in=keys, attempts__gte=MAX_ATTEMPTS)
        worn_out.update(state=ForecastState.FAILED, finished_at=now, error=f"gave up after {MAX_ATTEMPTS} attempts")
        claimed = ForecastRun.objects.filter(pk__in=keys, attempts__lt=MAX_ATTEMPTS)
        claimed.update(state=ForecastState.RUNNING, claimed_at=now, attempts=F("attempts") + 1)
    running = ForecastRun.objects.filter(pk__in=keys, state=ForecastState.RUNNING, claimed_at=now)
    return list(running.select_related("zone__community", "point").order_by("id"))


def _work(runs: list[ForecastRun], now: datetime) -> int:
    if not runs:
        return 0
    try:
        results = _forecast(runs)
    except (HistoryError, ValueError) as error:
        log.exception("forecast of %d runs failed", len(runs))
        for run in runs:
            _fail(run, str(error), "", now)
        return len(runs)
    good = []
    for result in results:
        if result.answer.model == REFUSED:
            reason = str(result.answer.reason)
            _fail(result.run, f"refused: {reason}, {result.answer.missing_share:.0%} missing", reason, now)
        else:
            good.append(result)
    try:
        _store(good, now)
    except (DatabaseError, ValueError):
        log.exception("storing %d forecasts together failed; storing each alone", len(good))
        for result in good:
            try:
                _store([result], now)
            except (DatabaseError, ValueError) as error:
                _fail(result.run, str(error), "", now)
    return len(runs)


def _fail(run: ForecastRun, error: str, reason: str, now: datetime) -> None:
    mine = ForecastRun.objects.filter(pk=run.pk, state=ForecastState.RUNNING, claimed_at=run.claimed_at)
    mine.update(state=ForecastState.FAILED, error=error, fallback_reason=reason, finished_at=now)


def _forecast(runs: Sequence[ForecastRun]) -> list[_Result]:
    """Forecast runs of one zone, cutoff and horizon. Raises HistoryError for an unusable horizon."""
    first = runs[0]
    end = slot_of(int(first.cutoff.timestamp()))
    start = end - HISTORY_SLOTS
    size = log_size()
    known = history(first.zone, from_slot=start, to_slot=end, cutoff=first.cutoff, log_size=size)
    series = {str(run.pk): known.series(run.point_id, Target(run.target), HISTORY_SLOTS) for run in runs}
    config = config_for(first.zone)
    answers = forecast(_frame(series, start), _index(first.from_slot, first.to_slot), config)
    results = []
    for run in runs:
        name = str(run.pk)
        inputs = documents.Inputs(log_size=size, from_slot=start, to_slot=end, sha256=documents.digest(series[name]))
        results.append(_Result(run, answers[name], to_wh(answers[name]), inputs))
    return results


def config_for(zone: Zone) -> Config:
    """Return what the model is told about a zone."""
    return Config(
        time_zone=zone.community.time_zone,
        latitude=zone.latitude,
        longitude=zone.longitude,
        country=zone.community.country,
    )


def _index(from_slot: int, to_slot: int) -> pd.DatetimeIndex:
    return pd.date_range(slot_start(from_slot), periods=to_slot - from_slot, freq="15min")


def _frame(series: dict[str, Energy], start: int) -> pd.DataFrame:
    """Series as the model takes them: a float column each, NaN where missing."""
    values = np.column_stack([np.where(energy == MISSING, np.nan, energy) for energy in series.values()])
    return pd.DataFrame(values, index=_index(start, start + len(values)), columns=list(series))


def to_wh(answer: SeriesForecast) -> dict[str, list[int]]:
    """Quantiles as whole Wh, rounded to nearest, ties to even: the only place where floats become energy."""
    return {name: np.rint(answer.quantiles[name].to_numpy()).astype(int).tolist() for name in COLUMNS}


def _store(results: Sequence[_Result], now: datetime) -> None:
    """Write points, decisions and states of runs that are still ours, in one transaction."""
    with transaction.atomic():
        claims = {result.run.pk: result.run.claimed_at for result in results}
        held = ForecastRun.objects.select_for_update().filter(pk__in=claims, state=ForecastState.RUNNING).in_bulk()
        ours = [result for result in results if _still(held.get(result.run.pk), result.run)]
        if not ours:
            return
        contents = [documents.decision(r.run, r.answer, r.quantiles, r.inputs, config_for(r.run.zone)) for r in ours]
        entries = [_entry(result, content) for result, content in zip(ours, contents, strict=True)]
        indices = records.append(entries=entries, now=now)
        _copy_points(ours)
        for result, index in zip(ours, indices, strict=True):
            run = result.run
            run.state, run.finished_at, run.log_index = ForecastState.DONE, now, index
            run.model, run.fallback_reason = result.answer.model, str(result.answer.reason or "")
            run.log_size, run.input_hash = result.inputs.log_size, result.inputs.sha256
        fields = ["state", "finished_at", "log_index", "model", "fallback_reason", "log_size", "input_hash"]
        ForecastRun.objects.bulk_update([result.run for result in ours], fields)


def _still(row: ForecastRun | None, run: ForecastRun) -> bool:
    """Whether the claim is still this worker's: a slow one may find its run taken by another."""
    return row is not None and row.claimed_at == run.claimed_at


def _entry(result: _Result, content: bytes) -> records.NewEntry:
    run = result.run
    scope: UUID = run.point_id or run.zone_id
    return records.NewEntry(
        kind=EntryKind.DECISION,
        fields={
            "decisionKind": DecisionKind.FORECAST,
            "zone": run.zone.word,
            "slot": run.from_slot,
            "version": 0,
            "value": 0,
            "inputLogSize": result.inputs.log_size,
            "contentHash": documents.sha256(content),
        },
        scope=scope,
        period=month_of_day(day_of(run.from_slot)),
        document=content,
    )


def _copy_points(results: Sequence[_Result]) -> None:
    statement = "COPY forecasts_forecastpoint (run_id, slot, p10_wh, p50_wh, p90_wh) FROM STDIN"
    with connection.wrap_database_errors, connection.cursor() as cursor, cursor.copy(statement) as copy:
        for result in results:
            rows = zip(*(result.quantiles[name] for name in COLUMNS), strict=True)
            for slot, values in enumerate(rows, start=result.run.from_slot):
                copy.write_row((result.run.pk, slot, *values))
