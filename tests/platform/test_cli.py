"""The command line: help everywhere, and one clear line for what cannot be."""

import os
import socket
from pathlib import Path

import pytest

from grid.config import cli
from tests.platform.support import run_cli

COMMANDS = ["up", "test", "smoke", "bench"]


@pytest.mark.parametrize("words", [["--help"], *([command, "--help"] for command in COMMANDS)], ids=" ".join)
def test_help_starts_nothing(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(words)
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("usage: ./watt")


@pytest.mark.parametrize(
    "words",
    [["verify", "--help"], ["manage", "--help"], ["manage", "migrate", "--help"], ["manage", "help", "migrate"]],
)
def test_help_of_the_commands_with_their_own(words: list[str], tmp_path: Path) -> None:
    done = run_cli(*words, WATT_DATA=os.fspath(tmp_path / "nothing-runs-here"))
    assert done.returncode == 0, done.stderr
    assert "usage" in done.stdout.lower() or "Available subcommands" in done.stdout
    assert not (tmp_path / "nothing-runs-here").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "COMMAND"),
        (["fly"], "fly"),
        (["up", "--sped", "3"], "--sped"),
        (["up", "--speed", "0"], "--speed: 0 is not a speed"),
        (["up", "--speed", "nan"], "--speed: nan is not a speed"),
        (["up", "--port", "99999"], "--port: 99999 is not a port"),
        (["up", "--homes", "missing.csv"], "missing.csv: there is no such file"),
        (["smoke", "--homes", "missing.csv"], "missing.csv: there is no such file"),
        (["smoke", "extra"], "extra"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_is_named(words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(words)
    assert ended.value.code == 2
    assert told in capsys.readouterr().err.splitlines()[-1]


def test_files_are_named_from_where_the_command_was_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "CALLED_FROM", tmp_path)
    (tmp_path / "homes.csv").write_text("")
    options = cli._parser().parse_args(["up", "--homes", "homes.csv", "--data", "data"])
    assert options.homes == tmp_path / "homes.csv"
    assert options.data == tmp_path / "data"
    assert cli._parser().parse_args(["up", "--data", "/srv/data"]).data == Path("/srv/data")


def test_a_taken_port_is_one_line(data: Path) -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = str(server.getsockname()[1])
        done = run_cli("up", "--no-demo", "--port", port, "--data", os.fspath(data))
    assert done.returncode == 1
    words = [line for line in done.stderr.splitlines() if line.startswith("watt: ")]
    assert words == [f"watt: Port {port} is taken by another program: choose another with --port."]
    assert "Traceback" not in done.stderr


def test_managing_a_platform_that_does_not_run(tmp_path: Path) -> None:
    done = run_cli("manage", "check", WATT_DATA=os.fspath(tmp_path))
    assert done.returncode == 1
    assert done.stderr.startswith(f"watt: Nothing runs on {tmp_path}")


def test_homes_do_not_change_under_a_demonstration(data: Path) -> None:
    (data / "homes.csv").write_text("")
    (data / "demo.json").write_text("{}")
    done = run_cli("up", "--data", os.fspath(data), "--homes", os.fspath(data / "homes.csv"))
    assert done.returncode == 1
    assert "--homes only matters at a demonstration's first start" in done.stderr


def test_a_demonstration_does_not_become_real(data: Path) -> None:
    (data / "clock.json").write_text('{"speed": 0, "wall": 0, "sim": 0}')
    done = run_cli("up", "--no-demo", "--data", os.fspath(data))
    assert done.returncode == 1
    assert "holds a demonstration" in done.stderr
