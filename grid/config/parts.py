"""The processes of a platform, each as one restartable part."""

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from grid.config.servers import external, processes

LONGEST_PAUSE = 30.0
STABLE_AFTER = 60.0


@dataclass
class Part:
    """A child process: how it starts, when it is ready, how it is restarted after a death."""

    name: str
    command: list[str]
    env: Mapping[str, str]
    log: Path
    ready: Callable[[], bool] | None = None
    stop_seconds: float = 10.0
    stop_turn: int = 0  # parts of a lower turn have ended before those of a higher one are asked to
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    failures: int = 0
    next_start: float = field(default=0.0)

    def start(self) -> None:
        self.process = processes.spawn(self.command, log=self.log, env=self.env)
        self.started_at = time.monotonic()

    def wait(self, *, seconds: float = 60.0) -> None:
        if self.ready:
            processes.wait_until(self.ready, what=self.name, seconds=seconds, process=self.process, log=self.log)

    @property
    def ended(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def plan_restart(self) -> float:
        """How long to pause before the next start: longer each time, none after a stable minute."""
        now = time.monotonic()
        self.failures = 0 if now - self.started_at > STABLE_AFTER else self.failures + 1
        pause = 0.0 if self.failures <= 1 else min(LONGEST_PAUSE, 0.5 * 2 ** (self.failures - 2))
        self.next_start = now + pause
        if self.process:
            processes.stop(self.process)  # what is left of its session
        self.process = None
        return pause

    def stop(self) -> bool:
        """End it; False when it had to be killed."""
        return self.process is None or processes.stop(self.process, seconds=self.stop_seconds)


def answers(url: str) -> Callable[[], bool]:
    """Ready when the address answers with 200."""

    def ready() -> bool:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return bool(answer.status == 200)
        except (OSError, urllib.error.URLError):
            return False

    return ready


def _reachable(host: str) -> str:
    """Where a server that listens on `host` answers on this machine, as URLs spell it."""
    return "127.0.0.1" if host == "0.0.0.0" else external.in_url("::1" if host == "::" else host)


def python(*arguments: str) -> list[str]:
    return [sys.executable, *arguments]


def web(*, env: Mapping[str, str], log: Path, host: str, port: int) -> Part:
    """Pages and device API: Django under WSGI."""
    command = python("-m", "granian", "--interface", "wsgi", "grid.config.wsgi:application")
    command += ["--host", host, "--port", str(port), "--workers", "1", "--blocking-threads", "32"]
    command += ["--no-ws", "--respawn-failed-workers", "--log-level", "warning"]
    return Part("web", command, env, log, ready=answers(f"http://{_reachable(host)}:{port}/healthz"), stop_turn=2)


def live(*, env: Mapping[str, str], log: Path, host: str, port: int) -> Part:
    """Live streams only, under ASGI."""
    command = python("-m", "uvicorn", "grid.config.asgi:application", "--host", host, "--port", str(port))
    command += ["--log-level", "warning", "--no-access-log", "--timeout-graceful-shutdown", "2"]
    return Part(
        "live",
        command,
        env,
        log,
        ready=answers(f"http://{_reachable(host)}:{port}/healthz"),
        stop_turn=2,
    )


def worker(*, queue: str, env: Mapping[str, str], log: Path) -> Part:
    """One Celery worker on one queue, with one process beside its main one."""
    command = python("-m", "celery", "-A", "grid.config.celery", "worker", "--queues", queue, "--concurrency", "1")
    command += ["--hostname", f"{queue}@%h", "--loglevel", "warning", "--without-gossip", "--without-mingle"]
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return Part(f"worker:{queue}", command, {**env, **threads}, log, stop_seconds=20.0, stop_turn=1)


def beat(*, env: Mapping[str, str], log: Path, schedule: Path) -> Part:
    command = python("-m", "celery", "-A", "grid.config.celery", "beat", "--loglevel", "warning")
    command += ["--schedule", os.fspath(schedule), "--pidfile", ""]
    return Part("beat", command, env, log)


def mqtt(*, env: Mapping[str, str], log: Path) -> Part:
    """Readings from the broker of MQTT_URL."""
    return Part("mqtt", python("-m", "django", "mqtt_bridge"), env, log)


def community(*, env: Mapping[str, str], log: Path, arguments: list[str]) -> Part:
    """The simulated homes and feeder, posting through the public API."""
    return Part("community", python("-m", "grid.simulator", "live", *arguments), env, log)
