"""Valkey killed and started again empty: its tasks are hints, and the outbox needs none of them twice."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from celery import Celery
from django.db import connection

from grid import clock
from grid.chain.models import ChainTx, ChainTxState
from grid.config.servers.valkey import Valkey
from tests.chain.chaos.processes import until
from tests.chain.chaos.world import World
from tests.chain.support import NOW


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    server = Valkey(data=tmp_path / "valkey", sockets=tmp_path, log=tmp_path / "valkey.log")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def celery_worker(real_world: World, valkey: Valkey, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A real worker on this test's database, its clock at the world's time."""
    clock.write(tmp_path / "clock.json", speed=1.0, sim=NOW.timestamp())
    # As any worker: not as the tables' owner, whose database is another.
    own = {name: value for name, value in os.environ.items() if name not in ("WATT_AS_OWNER", "DATABASE_OWNER_URL")}
    env = {
        **own,
        "DATABASE_URL": urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{_database()}")),
        "REDIS_URL": valkey.url,
        "CHAIN_URL": real_world.client.url,
        "CHAIN_FOLLOWS_CLOCK": "1",
        clock.ENV: os.fspath(tmp_path / "clock.json"),
    }
    command = [sys.executable, "-m", "celery", "-A", "grid.config.celery", "worker", "--pool", "solo", "-l", "WARNING"]
    command += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    with (tmp_path / "worker.log").open("wb") as log:
        process = subprocess.Popen(command, env=env, stdout=log, stderr=log)
    yield process
    process.kill()
    process.wait()


def _database() -> str:
    return str(connection.settings_dict["NAME"])


def test_valkey_restarted_empty_loses_and_doubles_nothing(
    real_world: World, valkey: Valkey, celery_worker: subprocess.Popen[bytes]
) -> None:
    hints = Celery(broker=valkey.url.replace("unix://", "redis+socket://"))

    def hint() -> None:
        hints.send_task("grid.config.tasks.sweep", queue="default", retry=True)

    real_world.ask(3, 5)
    hint()
    until(lambda: _final() == 2, "the worker to settle")

    assert valkey.process is not None
    valkey.process.send_signal(signal.SIGSTOP)  # what is asked for now leaves its hint in a queue that is lost
    real_world.ask(8)
    valkey.process.kill()
    valkey.process.wait()
    shutil.rmtree(valkey.data)
    real_world.ask(13)
    valkey.start()
    hint()
    until(lambda: _final() == 4, "the worker to go on")

    real_world.settle()
    real_world.reconcile()
    assert celery_worker.poll() is None


def _final() -> int:
    return ChainTx.objects.filter(state=ChainTxState.FINAL).count()
