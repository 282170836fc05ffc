"""The whole platform, for real: every process killed and back, nothing left after a stop, nothing lost."""

import json
import os
import secrets
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis
from celery import Celery
from kombu.exceptions import OperationalError

from grid.config.runtime import DataFolder, Lock
from grid.config.servers.processes import free_port, is_alive, lock_holders, wait_until
from tests.platform.support import ROOT, clean_environment, run_cli

pytestmark = pytest.mark.platform

PATIENCE = 60.0
PASS = "grid.config.tasks.sweep_and_tell"
USER = "from django.contrib.auth import get_user_model as m; m().objects.create_superuser('kept', password='x')"


class Platform:
    """`./watt up --no-demo` on a folder."""

    def __init__(self, folder: DataFolder) -> None:
        self.folder = folder
        self.port = free_port()
        self.output = folder.path.with_suffix(".txt")
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "grid.config.cli", "up", "--no-demo", "--port", str(self.port)]
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [*command, "--data", os.fspath(self.folder.path)],
                cwd=ROOT,
                env=clean_environment(),
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self.wait_for(lambda: self.supervisor == self.pid and self.is_ready(), "The platform")
        assert self.status("healthz") == 200

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def wait_for(self, condition: Callable[[], bool], what: str) -> None:
        wait_until(condition, what=what, seconds=PATIENCE, process=self.process, log=self.output)

    def run_file(self) -> dict[str, Any]:
        try:
            content: dict[str, Any] = json.loads(self.folder.run_file.read_text())
        except FileNotFoundError:
            return {}
        return content

    @property
    def supervisor(self) -> int:
        return int(self.run_file().get("supervisor", 0))

    @property
    def processes(self) -> dict[str, int]:
        return dict(self.run_file().get("processes", {}))

    def status(self, page: str) -> int:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/{page}", timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def is_ready(self) -> bool:
        return self.status("readyz") == 200

    def works(self) -> bool:
        """One pass over the whole flow in the worker, without a failed step."""
        broker = self.run_file()["env"]["REDIS_URL"]
        answer_to = f"test:{secrets.token_hex(8)}"
        try:
            with Celery(broker=broker.replace("unix://", "redis+socket://")) as app:
                app.send_task(PASS, kwargs={"answer_to": answer_to}, queue="default", retry=False)
            answer = redis.Redis.from_url(broker, socket_timeout=None).blpop([answer_to], timeout=10)
        except (redis.RedisError, OperationalError):
            return False
        return answer is not None and json.loads(answer[1])["failures"] == {}

    def restarted(self, name: str, pid: int) -> bool:
        return self.processes[name] != pid

    def users(self) -> list[str]:
        env = self.run_file()["env"]
        url = env["DATABASE_URL"].partition("://")[2]
        role, _, database = url.partition("@/")
        with psycopg.connect(host=env["PGHOST"], port=env["PGPORT"], user=role, dbname=database) as connection:
            return [row[0] for row in connection.execute("select username from accounts_user")]

    def everything(self) -> list[int]:
        """The platform's processes: what it names, and all that share its lock."""
        return sorted({self.pid, *self.processes.values(), *lock_holders(self.folder.path / "lock")})

    def left(self, processes: list[int]) -> list[int]:
        return [pid for pid in processes if is_alive(pid)] + lock_holders(self.folder.path / "lock")

    def end(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=60)


@pytest.fixture
def platform(data: Path) -> Iterator[Platform]:
    platform = Platform(DataFolder(data))
    yield platform
    platform.end()


def _kill_each_and_see_it_back(platform: Platform) -> None:
    before = platform.processes
    assert set(before) >= {"PostgreSQL", "Valkey", "chain", "web", "live", "worker:default", "worker:forecast", "beat"}
    for name, pid in before.items():
        os.kill(pid, signal.SIGKILL)
        platform.wait_for(partial(platform.restarted, name, pid), f"{name} after a kill")
        platform.wait_for(lambda: platform.is_ready() and platform.works(), f"The flow after {name} was killed")
    assert platform.process is not None
    assert platform.process.poll() is None


def test_kills_stops_and_restarts_lose_nothing(platform: Platform) -> None:
    platform.start()
    data = os.fspath(platform.folder.path)
    made = run_cli("manage", "shell", "-c", USER, WATT_DATA=data)
    assert made.returncode == 0, made.stderr
    _kill_each_and_see_it_back(platform)

    everything = platform.everything()
    assert len(everything) >= 9
    platform.process.send_signal(signal.SIGTERM)  # type: ignore[union-attr]
    assert platform.process.wait(timeout=60) == 0, platform.output.read_text()  # type: ignore[union-attr]
    assert platform.left(everything) == []
    assert not platform.folder.run_file.exists()
    Lock(platform.folder, patience=0.0).release()

    platform.start()
    assert platform.users() == ["kept"]
    everything = platform.everything()
    os.kill(platform.pid, signal.SIGKILL)
    platform.process.wait()  # type: ignore[union-attr]
    wait_until(lambda: platform.left(everything) == [], what="The end of what a killed platform left", seconds=30)

    platform.start()
    assert platform.users() == ["kept"]
    platform.wait_for(platform.works, "The flow after a killed supervisor")
