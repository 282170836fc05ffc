"""Find a Chromium for the browser tests, or get one: never skip them in silence."""

import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

from grid.config.runtime import ROOT
from grid.config.servers.processes import StartError

TOOLS = ROOT / ".tools" / "chromium"
NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


def find() -> Path | None:
    """CHROMIUM, one on PATH, Playwright's own, or the one unpacked here earlier."""
    named = os.environ.get("CHROMIUM")
    if named:
        if not os.access(named, os.X_OK):
            raise StartError(f"CHROMIUM={named} is no program that can be run.")
        return Path(named)
    for name in NAMES:
        path = shutil.which(name)
        if path:
            return Path(path)
    unpacked = TOOLS / "run"
    return unpacked if unpacked.exists() else _playwrights_own()


def _playwrights_own() -> Path | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = Path(playwright.chromium.executable_path)
    return path if path.exists() else None


def get() -> Path:
    """A browser, installed if need be. Raises StartError with the remedy when none can be had."""
    found = find()
    if found:
        return found
    print("No Chromium found; getting one ...", file=sys.stderr, flush=True)
    attempts = [_install_as_root] if os.geteuid() == 0 else [_unpack_as_user]
    for attempt in [*attempts, _download_playwrights]:
        try:
            attempt()
        except OSError as error:
            print(f"  {attempt.__name__.strip('_').replace('_', ' ')}: {error}", file=sys.stderr)
            continue
        found = find()
        if found:
            return found
    raise StartError("The browser tests need Chromium: install it (Debian: apt install chromium) or set CHROMIUM.")


def _quietly(*command: str, cwd: Path | None = None) -> str:
    """A command's output. Raises OSError with its last word when it fails."""
    done = subprocess.run(command, cwd=cwd, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
        raise OSError(f"{command[0]} failed with code {done.returncode}: {' '.join(last)}")
    return done.stdout


def _install_as_root() -> None:
    os.environ.setdefault("DEBIAN_FRONTEND", "noninteractive")
    _quietly("apt-get", "update")
    _quietly("apt-get", "install", "-y", "--no-install-recommends", "chromium", "fonts-dejavu-core")


def _unpack_as_user() -> None:
    """Debian's packages that are not installed, unpacked into our own folder: no root needed."""
    shutil.rmtree(TOOLS, ignore_errors=True)  # an attempt that broke off
    state = TOOLS / "apt"
    (state / "lists" / "partial").mkdir(parents=True, exist_ok=True)
    (state / "archives" / "partial").mkdir(parents=True, exist_ok=True)
    apt = ["apt-get", "-o", f"Dir::State::lists={state}/lists", "-o", f"Dir::Cache={state}"]
    apt += ["-o", "Debug::NoLocking=1", "-o", "APT::Sandbox::User="]
    _quietly(*apt, "update")
    listing = _quietly(
        *apt, "install", "--print-uris", "-y", "--no-install-recommends", "chromium", "fonts-dejavu-core"
    )
    packages = re.findall(r"^'[^']+' ([^_ ]+)_", listing, flags=re.MULTILINE)
    if not packages:
        raise OSError("apt takes Chromium for installed, yet it is not on PATH")
    folder = TOOLS / "packages"
    folder.mkdir()
    _quietly(*apt, "download", *packages, cwd=folder)
    for package in folder.glob("*.deb"):
        _quietly("dpkg-deb", "-x", str(package), str(TOOLS))
    for finished in (folder, state):
        shutil.rmtree(finished)
    _write_run()


def _write_run() -> None:
    """The command that starts what was unpacked, with its own libraries and fonts."""
    found = {path.parent for base in ("lib", "usr/lib") for path in TOOLS.glob(f"{base}/*-linux-gnu*/**/*.so*")}
    libraries = ":".join(str(path) for path in sorted(found))
    run = TOOLS / "run"
    run.write_text(
        "#!/bin/sh\n"
        f'LD_LIBRARY_PATH="{libraries}" FONTCONFIG_PATH="{TOOLS}/etc/fonts" XDG_DATA_HOME="{TOOLS}/usr/share" \\\n'
        f'    exec "{TOOLS}/usr/lib/chromium/chromium" --no-sandbox "$@"\n'
    )
    run.chmod(run.stat().st_mode | stat.S_IXUSR)


def _download_playwrights() -> None:
    _quietly(sys.executable, "-m", "playwright", "install", "chromium")
