"""`./watt smoke`: a whole platform on a temporary folder, one simulated day, one JSON object."""

import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from grid import clock
from grid.config import community
from grid.config.runtime import DataFolder
from grid.config.servers.processes import StartError
from grid.config.supervisor import Stopping, Supervisor, check_given_urls


def run(*, homes: Path | None, keep: bool) -> int:
    """The `smoke` command. Returns 0 when every expectation held, 1 otherwise."""
    check_given_urls()
    path = Path(tempfile.mkdtemp(prefix="watt-smoke-"))
    supervisor = Supervisor(DataFolder(path), host="127.0.0.1", port=None)
    supervisor.catch_signals()
    report: dict[str, Any] = {"ok": False}
    try:
        report = _play(supervisor, homes)
    except Stopping:
        report["error"] = "stopped by a signal"
    except StartError as error:
        report["error"] = str(error)
    finally:
        began = time.monotonic()
        supervisor.stop()
        report.setdefault("seconds", {})["stop"] = round(time.monotonic() - began, 2)
        report["seconds"]["total"] = round(time.monotonic() - supervisor.began, 2)
        if keep:
            report["data"] = os.fspath(path)
        else:
            supervisor.remove()
    print(json.dumps(report, indent=2), flush=True)
    return 0 if report["ok"] else 1


def _play(supervisor: Supervisor, homes: Path | None) -> dict[str, Any]:
    folder = supervisor.folder
    supervisor.open_folder()
    clock.write(folder.clock, speed=0, sim=community.first_moment())
    os.environ[clock.ENV] = os.fspath(folder.clock)
    supervisor.start_servers(genesis=int(clock.timestamp()) - 60)
    supervisor.start_broker()
    supervisor.set_environment(simulated=True)
    supervisor.start_platform()
    supervisor.start_bridge()
    started = round(time.monotonic() - supervisor.began, 2)
    report_file = folder.path / "report.json"
    arguments = ["--url", supervisor.env["WEB_URL"], "--data", os.fspath(folder.path)]
    arguments += ["--report", os.fspath(report_file), "--finalise"]
    if homes:
        arguments += ["--homes", os.fspath(homes)]
    try:
        supervisor.run_module("grid.config.demo", *arguments)
    except StartError as error:
        print(f"watt: {error}", file=sys.stderr)
        if not report_file.exists():
            return {"ok": False, "error": str(error)}
    report: dict[str, Any] = json.loads(report_file.read_text())
    report["seconds"] = {"start": started, **report["seconds"]}
    return report
