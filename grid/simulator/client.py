"""The public device API, as any meter would use it."""

import gzip
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import httpx
import msgspec

MAX_RECORDS = 96
MAX_BODY_BYTES = 3_500_000
_RETRIED = frozenset({429, 502, 503, 504})


class ClientError(RuntimeError):
    """The platform refused a request as a whole, or never answered; the message says which and why."""


@dataclass
class Outcome:
    """What became of the records that were sent."""

    accepted: int = 0
    duplicates: int = 0
    readings: int = 0
    problems: list[dict[str, Any]] = field(default_factory=list)

    def take(self, result: dict[str, Any]) -> None:
        """Count the result of one record."""
        if result["status"] == "accepted":
            self.accepted += 1
            self.readings += result["readings"]
        elif result["status"] == "duplicate":
            self.duplicates += 1
        else:
            self.problems.append(result["problem"])

    def add(self, other: "Outcome") -> None:
        self.accepted += other.accepted
        self.duplicates += other.duplicates
        self.readings += other.readings
        self.problems += other.problems


class MeterClient:
    """Posts records in batches over a few connections, and again when the platform asks for time."""

    def __init__(
        self,
        url: str,
        *,
        connections: int = 3,
        attempts: int = 8,
        sleep: Callable[[float], None] = time.sleep,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._http = httpx.Client(base_url=url, timeout=60, transport=transport)
        self._threads = ThreadPoolExecutor(connections, thread_name_prefix="post")
        self._connections = connections
        self._attempts = attempts
        self._sleep = sleep

    def __enter__(self) -> "MeterClient":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._threads.shutdown()
        self._http.close()

    def send(self, records: Sequence[str]) -> Outcome:
        """Post records and return what became of them. Raises ClientError when the platform cannot be used."""
        total = Outcome()
        for outcome in self._threads.map(self._post, self._batches(records)):
            total.add(outcome)
        return total

    def _batches(self, records: Sequence[str]) -> list[list[str]]:
        """Return records in order, in batches within the API's limits, at least one per connection."""
        most = min(MAX_RECORDS, max(1, -(-len(records) // self._connections)))
        batches: list[list[str]] = []
        size = 0
        for record in records:
            size += len(record) + 64
            if not batches or len(batches[-1]) >= most or size > MAX_BODY_BYTES:
                batches.append([])
                size = len(record)
            batches[-1].append(record)
        return batches

    def _post(self, records: list[str]) -> Outcome:
        body = gzip.compress(msgspec.json.encode({"records": records}), compresslevel=1)
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        for attempt in range(1, self._attempts + 1):
            try:
                answer = self._http.post("/api/v1/readings", content=body, headers=headers)
            except httpx.TransportError as error:
                reason, wait = f"no answer ({error})", min(0.25 * 2**attempt, 10.0)
            else:
                if answer.status_code == 200:
                    return _outcome(records, msgspec.json.decode(answer.content))
                if answer.status_code not in _RETRIED:
                    raise ClientError(f"{answer.request.url}: {answer.status_code} {answer.text[:300]}")
                reason, wait = f"status {answer.status_code}", _retry_after(answer, default=min(0.25 * 2**attempt, 10))
            if attempt < self._attempts:
                self._sleep(wait)
        raise ClientError(f"{self._http.base_url}: {reason}, {self._attempts} times. Is the platform up?")


def _retry_after(answer: httpx.Response, *, default: float) -> float:
    text = answer.headers.get("Retry-After", "")
    return min(float(text), 60.0) if text.isdigit() else default


def _outcome(records: list[str], answer: dict[str, Any]) -> Outcome:
    """Return the results of one batch. Raises ClientError when results and records do not match."""
    results = answer["results"]
    if len(results) != len(records):
        raise ClientError(f"{len(results)} results for {len(records)} records")
    outcome = Outcome()
    for result in results:
        outcome.take(result)
    return outcome
