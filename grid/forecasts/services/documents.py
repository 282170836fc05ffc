"""The document behind a forecast's DECISION entry: all that a replay needs, and what came out."""

import hashlib
from dataclasses import dataclass

from forecasting.config import Config
from forecasting.pipeline import SeriesForecast
from forecasting.provenance import code_hash, library_versions
from grid.domain.profile import canonical
from grid.forecasts.models import ForecastRun
from grid.forecasts.queries.history import Energy


@dataclass(frozen=True)
class Inputs:
    """The history of one series as it was read: which slots, at which log size, and its digest."""

    log_size: int
    from_slot: int
    to_slot: int
    sha256: bytes


def sha256(data: bytes) -> bytes:
    """Return the SHA-256 of some bytes."""
    return hashlib.sha256(data).digest()


def digest(series: Energy) -> bytes:
    """Return the SHA-256 of a series: each slot's Wh as 8 big-endian bytes, -1 where missing."""
    return sha256(series.astype(">i8").tobytes())


def decision(
    run: ForecastRun, answer: SeriesForecast, quantiles: dict[str, list[int]], inputs: Inputs, config: Config
) -> bytes:
    """Return the canonical JSON of a forecast decision. The model is deterministic and has no seed."""
    return canonical(
        {
            "decision": "forecast",
            "zone": str(run.zone_id),
            "point": str(run.point_id) if run.point_id else None,
            "target": run.target,
            "cutoff": run.cutoff.isoformat(),
            "from_slot": run.from_slot,
            "to_slot": run.to_slot,
            "inputs": {
                "log_size": inputs.log_size,
                "from_slot": inputs.from_slot,
                "to_slot": inputs.to_slot,
                "sha256": inputs.sha256.hex(),
                "missing_share": answer.missing_share,
                "history_days": answer.history_days,
            },
            "model": {
                "name": answer.model,
                "fallback_reason": str(answer.reason) if answer.reason else None,
                "config": config.as_dict(),
                "code_sha256": code_hash(),
                "libraries": library_versions(),
            },
            "unit": "Wh",
            "quantiles": quantiles,
        }
    )
