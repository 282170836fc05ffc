"""What `./watt up` runs on top of the platform: nothing, or a simulated community."""

import argparse
import json
import os
import time
from datetime import UTC, datetime
from pathlib import Path

from grid import clock
from grid.config import parts
from grid.config.demo import devices
from grid.config.runtime import DataFolder
from grid.config.servers.processes import StartError
from grid.config.supervisor import Supervisor, resume_clock

DAY = 86_400


def demo_file(folder: DataFolder) -> Path:
    """What the demonstration's first start left for later ones: homes, password, log-ins."""
    return folder.path / "demo.json"


def first_moment() -> int:
    """Where simulated time begins: late on the day before yesterday, so that yesterday can be played."""
    midnight = int(time.time()) // DAY * DAY
    return midnight - DAY - 2 * 3600


def start(supervisor: Supervisor, options: argparse.Namespace) -> None:
    """Start the platform, the community if wanted, and stay until a signal. Raises StartError."""
    folder = supervisor.folder
    simulated = not options.no_demo
    if options.no_demo and folder.clock.exists():
        raise StartError(f"{folder.path} holds a demonstration: choose another folder for --no-demo with --data.")
    fresh = simulated and not demo_file(folder).exists()
    if options.homes and not fresh:
        raise StartError(
            "--homes only matters at a demonstration's first start: choose another folder with --data, or leave it out."
        )
    if simulated:
        if fresh and not folder.clock.exists():
            clock.write(folder.clock, speed=0, sim=first_moment())
        resume_clock(folder, speed=0)
    genesis = int(clock.timestamp()) - 60 if simulated else int(time.time()) - 60
    supervisor.start_servers(genesis=genesis)
    supervisor.start_broker()
    supervisor.set_environment(simulated=simulated)
    supervisor.start_platform()
    supervisor.start_bridge()
    if not simulated:
        supervisor.say(f"ready: {supervisor.env['WEB_URL']} (make a first user with ./watt manage createsuperuser)")
        supervisor.watch()
        return
    if fresh:
        tell_story(supervisor, homes=options.homes)
        if options.exit_when_settled:
            return
    resume_clock(folder, speed=options.speed)
    supervisor.restart_beat()
    supervisor.add(live_community(supervisor))
    greet(supervisor, speed=options.speed)
    supervisor.watch()


def live_community(supervisor: Supervisor) -> parts.Part:
    """The homes, from now on in the clock's own time."""
    sending = ["--compact", str(devices.COMPACT)]
    broker, file = supervisor.told.get(devices.BROKER_VARIABLE), devices.passwords_file(supervisor.folder.path)
    if broker is not None and file.exists():
        sending += ["--mqtt", broker, "--mqtt-passwords", os.fspath(file)]
    return parts.community(
        env=supervisor.env,
        log=supervisor.folder.logs / "community.log",
        arguments=[
            *("--url", supervisor.env["WEB_URL"], "--data", os.fspath(supervisor.folder.path / "simulator")),
            *sending,
        ],
    )


def tell_story(supervisor: Supervisor, *, homes: Path | None) -> None:
    """History, a first forecast, one traded and settled day, then the morning after."""
    arguments = ["--url", supervisor.env["WEB_URL"], "--data", os.fspath(supervisor.folder.path)]
    if homes:
        arguments += ["--homes", os.fspath(homes)]
    supervisor.run_module("grid.config.demo", *arguments)
    supervisor.say("first settled run is on the chain")


def greet(supervisor: Supervisor, *, speed: float) -> None:
    """Address and log-ins."""
    told = json.loads(demo_file(supervisor.folder).read_text())
    now = datetime.fromtimestamp(clock.timestamp(), UTC)
    lines = ["", f"  Commonwatt is live: {supervisor.env['WEB_URL']}", ""]
    lines += [f"    {login['username']:10} {login['what']}" for login in told["logins"]]
    lines += ["", f"  Password of all of them: {told['password']}"]
    lines += [
        f"  Simulated time: {now:%Y-%m-%d %H:%M} UTC, {speed:g} seconds pass per second",
        "  Stop with Ctrl-C",
        "",
    ]
    print("\n".join(lines), flush=True)
