"""Tell the demonstration's beginning on a running platform: `python -m grid.config.demo --help`."""

import argparse
import json
import os
import secrets
import sys
import time
from pathlib import Path
from typing import Any

import django

HOUR = 3_600
DAY = 86_400


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m grid.config.demo", description=__doc__)
    parser.add_argument("--url", required=True, help="the platform's address")
    parser.add_argument("--data", type=Path, required=True, help="the platform's data folder")
    parser.add_argument("--homes", type=Path, help="CSV of homes instead of a generated street")
    parser.add_argument("--report", type=Path, help="play the day to its end, check it, and write the report here")
    parser.add_argument("--finalise", action="store_true", help="live through window and withdrawal delay too")
    return parser.parse_args()


def main() -> int:
    """Tell the story; 0 when all went as it must."""
    options = _options()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "grid.config.settings")
    django.setup()
    from rich.console import Console

    from grid.config.demo.driver import PassFailed
    from grid.simulator.client import ClientError
    from grid.simulator.homes import HomesFileError

    console = Console(stderr=True)
    try:
        return _tell(options, console)
    except (PassFailed, HomesFileError, ClientError) as error:
        console.print(f"watt: {error}", style="red", markup=False, highlight=False)
        return 1


def _tell(options: argparse.Namespace, console: Any) -> int:
    from grid import clock
    from grid.config.demo import devices, report, seed
    from grid.config.demo.driver import Driver
    from grid.config.demo.story import HISTORY_DAYS, Story, history_start
    from grid.domain.slots import SLOTS_PER_DAY
    from grid.simulator.client import MeterClient
    from grid.simulator.folder import Founding, StreetFolder
    from grid.simulator.mqtt import Carriers
    from grid.simulator.street import every

    # Kept before anything is founded: a start that was cut short goes on with the same day and password.
    day, password = _remembered(options.data, {"day": (int(clock.timestamp()) + 3 * HOUR) // DAY})
    founding = Founding(
        place=seed.PLACE,
        origin_slot=history_start(day),
        window_end_slot=(day + 1) * SLOTS_PER_DAY,
        homes_file=os.fspath(options.homes) if options.homes else None,
    )
    folder = StreetFolder(options.data / "simulator", founding)
    with MeterClient(options.url) as client, Carriers(client, _brokerage(options.data, folder.roster)) as carriers:
        street = folder.street(carriers, compact=every(devices.COMPACT))
        driver = Driver(clock_file=options.data / "clock.json", street=street)
        founded = seed.found(
            roster=folder.roster,
            first_day=day - 1,
            history_day=day - HISTORY_DAYS + 1,
            password=password,
            now=clock.now(),
        )
        _write_private(options.data / "managed-keys.json", seed.managed_keys(folder.roster))
        story = Story(driver=driver, zone=founded.zone, day=day, console=console)
        story.tell()
        if options.report:
            return report.write(story, folder=folder, path=options.report, finalise=options.finalise)
        settled_at = time.time()
        story.morning_after()
    content = {
        "password": password,
        "logins": [{"username": login.username, "what": login.what} for login in founded.logins],
        "settled_at": settled_at,
        "backfill_readings_per_second": story.backfill_rate,
    }
    _write_private(options.data / "demo.json", content)
    return 0


def _brokerage(data: Path, roster: Any) -> Any:
    """The embedded broker, with passwords for the homes whose meters publish there; None without one."""
    from grid.config.demo import devices, seed
    from grid.simulator.mqtt import Brokerage

    address = os.environ.get(devices.BROKER_VARIABLE)
    if address is None:
        return None
    file = devices.passwords_file(data)
    passwords = devices.passwords(roster, (data / "mqtt-secret").read_text().strip())
    _write_private(file, {"community": seed.COMMUNITY, "passwords": passwords})
    return Brokerage.from_file(address, file)


def _remembered(folder: Path, first: dict[str, Any]) -> tuple[int, str]:
    """The day that is played and the log-ins' password, as decided at the first start."""
    file = folder / "founding.json"
    if not file.exists():
        _write_private(file, {**first, "password": secrets.token_hex(4)})
    kept = json.loads(file.read_text())
    return kept["day"], kept["password"]


def _write_private(file: Path, content: Any) -> None:
    """Write a file only its owner can read, as a whole or not at all."""
    temporary = file.with_suffix(".tmp")
    temporary.unlink(missing_ok=True)
    temporary.touch(mode=0o600)
    temporary.write_text(json.dumps(content, indent=1))
    os.replace(temporary, file)


if __name__ == "__main__":
    sys.exit(main())
