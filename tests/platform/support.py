"""What the tests of the launcher and supervisor share."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# The servers of this test run must not become those of a platform under test.
OURS = ("DATABASE_URL", "REDIS_URL", "CHAIN_URL", "MQTT_URL", "PGHOST", "PGPORT", "WATT_DATA", "WATT_CLOCK_FILE")


def clean_environment(**changes: str) -> dict[str, str]:
    """The environment of a shell in which nobody named a server."""
    return {name: value for name, value in os.environ.items() if name not in OURS} | changes


def run_cli(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command as `./watt` does."""
    return subprocess.run(
        [sys.executable, "-m", "grid.config.cli", *arguments],
        cwd=ROOT,
        env=clean_environment(**environment),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


class Wall:
    """A stand-in for the `time` module whose time passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
