"""What the supervisor decides by itself: ports, addresses, what others are told, and another try."""

import io
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from grid.config import supervisor as module
from grid.config.runtime import DataFolder, Locked, write_run_file
from grid.config.servers.processes import StartError, free_port, spawn
from grid.config.supervisor import RETRY_SECONDS, Stopping, Supervisor, check_given_urls
from tests.platform.support import OURS, Wall


@pytest.fixture
def supervisor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Supervisor]:
    for name in OURS:
        monkeypatch.delenv(name, raising=False)
    supervisor = Supervisor(DataFolder(tmp_path), host="127.0.0.1", port=free_port())
    supervisor.folder.logs.mkdir()
    yield supervisor
    if supervisor._lock:
        supervisor._lock.release()
        supervisor.remove()


class Unwilling:
    """A server that starts only at the third attempt."""

    env: Mapping[str, str] = {}

    def __init__(self, log: Path) -> None:
        self.log = log
        self.attempts = 0
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.attempts += 1
        self.process = spawn(["true" if self.attempts < 3 else "cat", "/dev/zero"], log=Path("/dev/null"))
        if self.attempts < 3:
            self.process.wait()
            raise StartError("not yet.")

    def stop(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("DATABASE_URL", "mysql://secret@host/db"),
        ("REDIS_URL", "localhost:6379"),
        ("CHAIN_URL", "ws://localhost:8545"),
        ("MQTT_URL", "ws://me:secret@localhost"),
    ],
)
def test_an_address_no_part_could_use_is_refused(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch, supervisor: Supervisor
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(StartError, match=variable) as error:
        check_given_urls()
    assert "secret" not in str(error.value)


def test_addresses_that_are_fine_pass(monkeypatch: pytest.MonkeyPatch, supervisor: Supervisor) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://user@host/db")
    monkeypatch.setenv("REDIS_URL", "rediss://host")
    monkeypatch.setenv("MQTT_URL", "mqtts://host")
    check_given_urls()


def test_a_port_that_was_asked_for_must_be_free(supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        supervisor.port = server.getsockname()[1]
        with pytest.raises(StartError, match=f"Port {supervisor.port} is taken .*--port"):
            supervisor._choose_port()
        monkeypatch.setattr(module, "DEFAULT_PORT", supervisor.port)
        supervisor.port = None
        assert supervisor._choose_port() != server.getsockname()[1]


def test_an_address_of_another_machine_is_not_called_taken(supervisor: Supervisor) -> None:
    supervisor.host = "192.0.2.1"
    with pytest.raises(StartError, match=r"192\.0\.2\.1.*--host"):
        supervisor._choose_port()


def test_other_commands_are_told_what_the_parts_are(supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch) -> None:
    """What came from the starting shell, too: the other shell does not have it."""
    monkeypatch.setenv("DATABASE_URL", "postgres://elsewhere/db")
    monkeypatch.setenv("PGHOST", "/elsewhere")
    supervisor.told["PGHOST"] = "/ours"
    supervisor.set_environment(simulated=True)
    supervisor._write_run_file()
    told = json.loads(supervisor.folder.run_file.read_text())["env"]
    assert told["DATABASE_URL"] == "postgres://elsewhere/db"
    assert told["PGHOST"] == supervisor.env["PGHOST"] == "/ours"
    assert told["WATT_CLOCK_FILE"] == os.fspath(supervisor.folder.clock)
    assert told["SECRET_KEY"] == supervisor.folder.secret("secret-key")
    assert "PATH" not in told


@pytest.mark.parametrize(
    ("host", "allowed", "url"),
    [
        ("127.0.0.1", "localhost,127.0.0.1,[::1],localhost", "http://localhost:"),
        ("0.0.0.0", "*", "http://localhost:"),
        ("::1", "localhost,127.0.0.1,[::1],[::1]", "http://[::1]:"),
    ],
)
def test_the_page_answers_to_the_address_it_listens_on(
    supervisor: Supervisor, host: str, allowed: str, url: str
) -> None:
    supervisor.host = host
    supervisor.set_environment(simulated=False)
    assert supervisor.env["ALLOWED_HOSTS"] == allowed
    assert supervisor.env["WEB_URL"] == f"{url}{supervisor.port}"


def test_a_second_platform_leaves_the_firsts_files_alone(supervisor: Supervisor) -> None:
    supervisor.open_folder()
    write_run_file(supervisor.folder, {"supervisor": os.getpid()})
    second = Supervisor(supervisor.folder, host="127.0.0.1", port=None, quiet=True)
    with pytest.raises(Locked):
        second.open_folder()
    second.stop()
    assert supervisor.folder.run_file.exists()


def test_a_folder_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    supervisor = Supervisor(DataFolder(tmp_path / "file" / "data"), host="127.0.0.1", port=None, quiet=True)
    with pytest.raises(StartError, match=r"file/data cannot be used \(Not a directory.*--data"):
        supervisor.open_folder()


def test_a_server_that_cannot_start_yet_is_tried_again(
    supervisor: Supervisor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wall = Wall()
    monkeypatch.setattr(module, "time", wall)
    server = Unwilling(tmp_path / "log")
    with pytest.raises(StartError):
        server.start()
    supervisor.servers["it"] = server
    supervisor.check()
    supervisor.check()
    assert server.attempts == 2  # the second look was too early
    wall.sleep(RETRY_SECONDS)
    supervisor.check()
    assert server.attempts == 3
    supervisor.check()
    assert server.attempts == 3
    server.stop()


def test_a_terminal_that_is_gone_does_not_keep_us_from_stopping(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stderr", Gone())
    supervisor.say("stopping")


def test_the_first_signal_stops_and_later_ones_wait(supervisor: Supervisor) -> None:
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        supervisor.catch_signals()
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN  # as nohup left it
        with pytest.raises(Stopping):
            signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGINT)
        assert supervisor.stopping
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)


def test_a_module_that_fails_is_named(supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch) -> None:
    supervisor.env = dict(os.environ)
    with open(os.devnull, "w") as nowhere:
        monkeypatch.setattr(sys, "stderr", nowhere)
        supervisor.run_module("json.tool", "--help")
        with pytest.raises(StartError, match=r"json\.tool failed with code 2"):
            supervisor.run_module("json.tool", "--no-such-option")
