"""Moves a stepped clock, lets the devices send, and has the platform do one pass at a time."""

import json
import secrets
from collections import Counter
from pathlib import Path

import redis
from django.conf import settings

from grid import clock
from grid.config.celery import app
from grid.simulator.client import Outcome
from grid.simulator.street import Street

ANSWER_PATIENCE = 300
# A worker that was killed has taken the question with it.
ASK_AGAIN_AFTER = 20


class PassFailed(Exception):
    """A step of a pass failed, or the worker did not answer."""


class Driver:
    """One simulated timeline. Time only moves when told to, and never back."""

    def __init__(self, *, clock_file: Path, street: Street) -> None:
        self.clock_file = clock_file
        self.street = street
        self.counts: Counter[str] = Counter()
        self.seconds: Counter[str] = Counter()
        self._redis = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=None)

    @property
    def time(self) -> float:
        return clock.timestamp()

    def move_to(self, unix: float) -> None:
        """Set the time, standing still; earlier times are ignored."""
        clock.write(self.clock_file, speed=0, sim=max(unix, self.time))

    def sweep(self) -> dict[str, int]:
        """One pass over the flow in the default worker. Raises PassFailed."""
        answer_to = f"sweep:{secrets.token_hex(8)}"
        for _ in range(ANSWER_PATIENCE // ASK_AGAIN_AFTER):
            app.send_task("grid.config.tasks.sweep_and_tell", kwargs={"answer_to": answer_to})
            answer = self._redis.blpop([answer_to], timeout=ASK_AGAIN_AFTER)
            if answer is not None:
                break
        else:
            raise PassFailed(f"The default worker did not finish a pass in {ANSWER_PATIENCE} s; see its log.")
        done = json.loads(answer[1])
        if done["failures"]:
            raise PassFailed("; ".join(f"{step}: {error}" for step, error in done["failures"].items()))
        self.counts.update(done["counts"])
        self.seconds.update(done["seconds"])
        return dict(done["counts"])

    def step(self, unix: float) -> Outcome:
        """Go to a time: the devices send what they measured until then, then one pass."""
        self.move_to(unix)
        outcome = self.street.advance(int(unix))
        self.sweep()
        return outcome
