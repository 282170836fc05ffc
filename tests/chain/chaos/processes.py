"""Starting senders as processes of their own, and ending them."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

WAIT_SECONDS = 60.0


class Workers:
    """Processes that run `tests.chain.chaos.worker`."""

    def __init__(self, *, database: str, chain_url: str) -> None:
        self.database = database
        self.env = {**os.environ, "CHAIN_URL": chain_url, "CHAIN_FOLLOWS_CLOCK": "1", "WATT_DEMO": "1"}
        self.started: list[subprocess.Popen[str]] = []

    def start(self, *, env: dict[str, str] | None = None, **plan: Any) -> subprocess.Popen[str]:
        """Start one; see the worker for what its plan may say."""
        command = [sys.executable, "-m", "tests.chain.chaos.worker", json.dumps({"database": self.database, **plan})]
        process = subprocess.Popen(
            command, env={**self.env, **(env or {})}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.started.append(process)
        return process

    def run(self, *, env: dict[str, str] | None = None, **plan: Any) -> int:
        """Run one to its end; return its exit code, which is minus the signal that killed it."""
        process = self.start(env=env, **plan)
        self.wait(process)
        return process.returncode

    def wait(self, process: subprocess.Popen[str]) -> str:
        """Wait for a process; return what it wrote to stderr."""
        _, errors = process.communicate(timeout=WAIT_SECONDS)
        assert process.returncode in (0, 3, -signal.SIGKILL), errors
        return errors

    def end(self) -> None:
        for process in self.started:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
            process.communicate(timeout=WAIT_SECONDS)


def until(condition: Callable[[], Any], what: str) -> None:
    """Wait for something another process does."""
    limit = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < limit, f"waited in vain for {what}"
        time.sleep(0.01)


def is_stopped(process: subprocess.Popen[str]) -> bool:
    """Say whether a process has been stopped by SIGSTOP."""
    with open(f"/proc/{process.pid}/stat") as file:
        return file.read().rpartition(")")[2].split()[0] == "T"
