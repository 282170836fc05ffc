"""The one clock of the platform: real time, or a demonstration's faster or stepped time.

Production reads the system clock. A demonstration sets `WATT_CLOCK_FILE` to a small JSON file
`{"speed": 60, "wall": 1790000000.0, "sim": 1790000000.0}`: at wall time `wall` the simulated
time was `sim`, and it passes `speed` times as fast. Speed 0 stands still until it is moved.
Every process reads the same file, so they agree on the time and a restart continues it.
"""

import json
import os
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

ENV = "WATT_CLOCK_FILE"


@dataclass(frozen=True)
class ClockSetting:
    """How simulated time follows wall time; both in unix seconds."""

    speed: float
    wall: float
    sim: float

    def at(self, wall: float) -> float:
        return self.sim + (wall - self.wall) * self.speed


_cache: tuple[tuple[str, int, int] | None, ClockSetting | None] = (None, None)


def setting() -> ClockSetting | None:
    """The simulated clock in force, or None when time is real."""
    global _cache
    path = os.environ.get(ENV)
    if not path:
        return None
    stat = os.stat(path)
    key = (path, stat.st_mtime_ns, stat.st_ino)
    if _cache[0] != key:
        _cache = (key, ClockSetting(**json.loads(Path(path).read_text())))
    return _cache[1]


def timestamp() -> float:
    """Now in unix seconds."""
    current = setting()
    return time.time() if current is None else current.at(time.time())


def now() -> datetime:
    """Now, aware, UTC."""
    return datetime.fromtimestamp(timestamp(), UTC)


def speed() -> float:
    """How many seconds pass per wall second: 1 in production, 0 when time is stepped by hand."""
    current = setting()
    return 1.0 if current is None else current.speed


def wall_seconds(seconds: float) -> float:
    """How long to wait on the wall for `seconds` of platform time; a stepped clock is polled."""
    rate = speed()
    return 0.05 if rate == 0 else seconds / rate


def is_simulated() -> bool:
    return setting() is not None


def write(path: Path, *, speed: float, sim: float) -> None:
    """Set the simulated clock to `sim` (unix seconds) from now on. The file is replaced as a whole."""
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(asdict(ClockSetting(speed=speed, wall=time.time(), sim=sim))))
    os.replace(temporary, path)
