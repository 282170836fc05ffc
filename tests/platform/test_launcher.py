"""`./watt` before anything is installed: every failure is one line with a remedy.

The launcher runs in a copy of its own folder, and what it would install is played by small scripts.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.platform.support import ROOT

SYSTEM = ["sh", "dirname", "mkdir", "cat", "cmp", "cp", "grep", "printf", "env", "rm", "ls"]
UV_THAT_WORKS = """
case "$*" in
*--version*) echo "uv 0" ;;
sync*) mkdir -p .venv/bin; printf '#!/bin/sh\\necho "python $* from $WATT_CALLED_FROM"\\n' >.venv/bin/python
       /bin/chmod +x .venv/bin/python; echo sync "$@" >>calls ;;
*) echo "$@" >>calls; exit 1 ;;
esac
"""
UV_THAT_FAILS = 'case "$*" in *--version*) echo "uv 0" ;; *) echo "error: dns: no such host" >&2; exit 2 ;; esac'
NODE = 'case "$*" in --version) echo v20.1.0 ;; esac'
OLD_NODE = "echo v16.0.0"
NPM_THAT_WORKS = 'echo npm "$@" >>calls; case "$*" in ci*) mkdir -p node_modules ;; esac'
NPM_THAT_FAILS = "echo npm ERR! network; exit 1"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A fresh clone in a folder with a blank in its name, and a PATH with the bare system."""
    clone = tmp_path / "a clone"
    clone.mkdir()
    for name in ("watt", "uv.lock", "package-lock.json"):
        shutil.copy(ROOT / name, clone / name)
    (tmp_path / "bin").mkdir()
    for name in SYSTEM:
        found = shutil.which(name)
        if found:
            (tmp_path / "bin" / name).symlink_to(found)
    return clone


def _program(clone: Path, name: str, text: str) -> None:
    file = clone.parent / "bin" / name
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)


def _watt(clone: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [clone / "watt", *arguments],
        cwd=clone.parent,
        env={"PATH": os.fspath(clone.parent / "bin"), "ANVIL": "anvil"} | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def _last_line(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 1, done
    return done.stderr.splitlines()[-1]


def test_no_python(clone: Path) -> None:
    assert _last_line(_watt(clone, "up")).startswith("watt: Python 3.11 or 3.12 is missing: install it")


def test_a_python_without_venv(clone: Path) -> None:
    _program(clone, "python3", 'case "$*" in "-m venv"*) echo "No module named venv"; exit 1 ;; esac')
    assert "apt install python3-venv" in _last_line(_watt(clone, "up"))
    assert "No module named venv" in (clone / ".tools" / "uv.log").read_text()


def test_no_network_for_the_python_packages(clone: Path) -> None:
    _program(clone, "uv", UV_THAT_FAILS)
    done = _watt(clone, "up")
    assert _last_line(done).startswith("watt: Python packages could not be installed: is the network there")
    assert done.stderr.count("\n") == 2  # what it was doing, and what is wrong
    assert "no such host" in (clone / ".tools" / "sync.log").read_text()


def test_no_node_and_none_to_be_had(clone: Path) -> None:
    _program(clone, "uv", UV_THAT_WORKS)
    assert "install Node.js with npm" in _last_line(_watt(clone, "up"))
    _program(clone, "node", OLD_NODE)
    _program(clone, "npm", NPM_THAT_WORKS)
    assert "Node.js 18 or newer is missing" in _last_line(_watt(clone, "up"))


def test_no_network_for_the_front_end(clone: Path) -> None:
    for name, text in (("uv", UV_THAT_WORKS), ("node", NODE), ("npm", NPM_THAT_FAILS)):
        _program(clone, name, text)
    assert _last_line(_watt(clone, "up")).startswith("watt: npm could not install its packages: is the network there")
    assert "npm ERR! network" in (clone / ".tools" / "npm.log").read_text()


def test_what_is_installed_is_not_installed_again(clone: Path) -> None:
    for name, text in (("uv", UV_THAT_WORKS), ("node", NODE), ("npm", NPM_THAT_WORKS)):
        _program(clone, name, text)
    first = _watt(clone, "up", "--port", "81")
    assert first.returncode == 0, first
    assert first.stdout == f"python -m grid.config.cli up --port 81 from {clone.parent}\n"
    calls = (clone / "calls").read_text().splitlines()
    assert [call.split()[:2] for call in calls] == [["sync", "sync"], ["npm", "ci"], ["npm", "run"]]
    second = _watt(clone, "up")
    assert second.stderr == ""
    assert (clone / "calls").read_text().splitlines()[3:] == ["npm run --silent build"]


def test_another_lock_is_installed(clone: Path) -> None:
    for name, text in (("uv", UV_THAT_WORKS), ("node", NODE), ("npm", NPM_THAT_WORKS)):
        _program(clone, name, text)
    _watt(clone, "up")
    for name in ("uv.lock", "package-lock.json"):
        with (clone / name).open("a") as file:
            file.write("\n")
    assert "Installing Python packages" in (done := _watt(clone, "up")).stderr
    assert "Installing front-end packages" in done.stderr


@pytest.mark.parametrize("words", [["up", "--help"], ["test", "-h"], ["--help"], []], ids=" ".join)
def test_help_needs_no_node(clone: Path, words: list[str]) -> None:
    _program(clone, "uv", UV_THAT_WORKS)
    assert _watt(clone, *words).returncode == 0


def test_tests_get_the_test_tools(clone: Path) -> None:
    for name, text in (("uv", UV_THAT_WORKS), ("node", NODE), ("npm", NPM_THAT_WORKS)):
        _program(clone, name, text)
    _watt(clone, "up")
    _watt(clone, "test")
    _watt(clone, "up")
    syncs = [call for call in (clone / "calls").read_text().splitlines() if call.startswith("sync")]
    assert ["--no-dev" in call for call in syncs] == [True, False]
    assert "--all-groups" in syncs[1]
