"""The browser tests get a browser, or say plainly why not."""

import os
import subprocess
from pathlib import Path

import pytest

from grid.config import browser
from grid.config.servers.processes import StartError


def _program(path: Path) -> Path:
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without a browser."""
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", os.fspath(tmp_path))
    monkeypatch.setattr(browser, "TOOLS", tmp_path / "tools")
    monkeypatch.setattr(browser, "_playwrights_own", lambda: None)


def test_the_named_one_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = _program(tmp_path / "mine")
    monkeypatch.setenv("CHROMIUM", os.fspath(named))
    assert browser.find() == named


def test_a_named_one_that_cannot_run_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHROMIUM", os.fspath(tmp_path / "missing"))
    with pytest.raises(StartError, match=r"CHROMIUM=.*missing is no program"):
        browser.find()


@pytest.mark.usefixtures("nowhere")
def test_then_path_then_what_was_unpacked_here(tmp_path: Path) -> None:
    assert browser.find() is None
    (tmp_path / "tools").mkdir()
    unpacked = _program(tmp_path / "tools" / "run")
    assert browser.find() == unpacked
    on_path = _program(tmp_path / "chromium")
    assert browser.find() == on_path


@pytest.mark.usefixtures("nowhere")
@pytest.mark.parametrize("user", [0, 1_000])
def test_every_way_is_tried_before_giving_up(
    user: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tried: list[str] = []

    def fail(command: tuple[str, ...], **options: object) -> subprocess.CompletedProcess[str]:
        tried.append(command[0])
        return subprocess.CompletedProcess(command, 100, "", "Err:1\nE: Unable to fetch some archives\n")

    monkeypatch.setattr(os, "geteuid", lambda: user)
    monkeypatch.setattr(browser.subprocess, "run", fail)
    with pytest.raises(StartError, match=r"apt install chromium.*CHROMIUM"):
        browser.get()
    assert len(tried) == 2
    assert tried[0] == "apt-get"
    assert "Unable to fetch some archives" in capsys.readouterr().err


@pytest.mark.usefixtures("nowhere")
def test_a_way_that_works_ends_the_search(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unpack() -> None:
        (tmp_path / "tools").mkdir()
        _program(tmp_path / "tools" / "run")

    monkeypatch.setattr(os, "geteuid", lambda: 1_000)
    monkeypatch.setattr(browser, "_unpack_as_user", unpack)
    assert browser.get() == tmp_path / "tools" / "run"
