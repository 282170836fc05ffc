"""The demonstration's beginning: two months of history, one traded and settled day, the morning after.

The devices send through the public API, every decision is made by the platform's own pass over the
flow; only the clock is moved by hand, so that a day takes seconds.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from rich.console import Console

from grid.accounts.models import Zone
from grid.config.demo.driver import Driver, PassFailed
from grid.domain.slots import SLOT_SECONDS, SLOTS_PER_DAY
from grid.forecasts.models import ForecastRun, ForecastState
from grid.metering.models import SlotClose
from grid.metering.services.slots import GRACE_SECONDS
from grid.settlement.models import RunState, SettlementRun
from grid.simulator import backfill
from grid.simulator.client import Outcome

HOUR = 3_600
DAY = 86_400
HISTORY_DAYS = 60
FORECAST_PATIENCE = 240.0
MORNING_HOUR = 9


@dataclass
class Story:
    """One telling, with what it measured."""

    driver: Driver
    zone: Zone
    day: int
    console: Console
    seconds: dict[str, float] = field(default_factory=dict)
    sent: Outcome = field(default_factory=Outcome)
    backfill_rate: int = 0

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Say what happens, and note how long it took."""
        began = time.monotonic()
        yield
        self.seconds[name] = round(time.monotonic() - began, 2)
        self.console.print(f"          {name.replace('_', ' ')}: {self.seconds[name]:.1f} s", highlight=False)

    def tell(self) -> None:
        """History, forecast, the day, its settlement."""
        with self.phase("backfill"):
            began = time.monotonic()
            sent = backfill.run(self.driver.street, to_unix=int(self.driver.time), console=self.console)
            self.backfill_rate = round(sent.readings / (time.monotonic() - began))
            self.sent.add(sent)
        with self.phase("close_slots"):
            self._close_history()
        with self.phase("forecast"):
            self._forecast()
        with self.phase("trade_day"):
            for hour in range(int(self.driver.time) // HOUR + 1, (self.day + 1) * 24 + 1):
                self._step(hour * HOUR)
        with self.phase("settle"):
            self.settle(self.day)

    def _step(self, unix: float) -> None:
        self.sent.add(self.driver.step(unix))

    def _close_history(self) -> None:
        """One pass closes every slot whose grace is over. Raises PassFailed when some are left."""
        self.driver.sweep()
        target = (int(self.driver.time) - GRACE_SECONDS) // SLOT_SECONDS
        closed = SlotClose.objects.get(zone=self.zone).next_slot
        if closed < target:
            raise PassFailed(f"Slots are closed to {closed} only, not to {target}.")

    def _forecast(self) -> None:
        """Wait for every planned series, then one pass publishes the prices and anchors them."""
        limit = time.monotonic() + FORECAST_PATIENCE
        runs = ForecastRun.objects.filter(zone=self.zone)
        unfinished = [ForecastState.PENDING, ForecastState.RUNNING]
        self.driver.sweep()
        if not runs.exists():
            raise PassFailed("No forecast was planned.")
        while runs.filter(state__in=unfinished).exists():
            if time.monotonic() > limit:
                raise PassFailed(f"The forecast worker did not finish in {FORECAST_PATIENCE:.0f} s; see its log.")
            time.sleep(0.1)
        self.driver.sweep()
        self.driver.sweep()

    def settle(self, day: int) -> SettlementRun:
        """Step past the grace period until the day's run is posted. Raises PassFailed."""
        self._step(max(self.driver.time, (day + 1) * DAY + SLOT_SECONDS))
        for _ in range(6):
            run = SettlementRun.objects.filter(zone=self.zone, day=day).order_by("-sequence").first()
            if run and run.state in (RunState.POSTED, RunState.FINAL):
                return run
            if run and run.state == RunState.REJECTED:
                raise PassFailed(f"The contract refused the run of day {day}.")
            self._step(self.driver.time + 60)
        raise PassFailed(f"The run of day {day} was not posted.")

    def morning_after(self) -> None:
        """Go on by the hour until the sun is up, so that a visitor sees trades at once."""
        local = ZoneInfo(self.zone.community.time_zone)
        with self.phase("morning_after"):
            while self._local(local).hour < MORNING_HOUR:
                self._step(int(self.driver.time) // HOUR * HOUR + HOUR)

    def _local(self, zone: ZoneInfo) -> datetime:
        return datetime.fromtimestamp(self.driver.time, UTC).astimezone(zone)

    def finalise(self, *, window: timedelta, delay: timedelta) -> None:
        """Live through the challenge window and the withdrawal delay, a day at a time."""
        with self.phase("finalise"):
            first = self.driver.time
            last_day = int(first + max(window, delay).total_seconds()) // DAY
            for day in range(self.day + 1, last_day + 1):
                for quarter in range(1, 5):
                    self._step(day * DAY + quarter * DAY // 4)
                self.settle(day)
            self._step(max(self.driver.time, first + max(window, delay).total_seconds() + 60))
            self.driver.sweep()


def history_start(day: int) -> int:
    """The first slot of the history that ends with a day."""
    return (day - HISTORY_DAYS + 1) * SLOTS_PER_DAY
