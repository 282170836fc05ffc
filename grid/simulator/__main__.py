"""The command line: `python -m grid.simulator backfill|live`."""

import argparse
import logging
import signal
import sys
import threading
from pathlib import Path

from rich.console import Console

from grid import clock
from grid.domain.slots import SLOT_SECONDS, SLOTS_PER_DAY, slot_of
from grid.simulator import backfill, live
from grid.simulator.client import ClientError, MeterClient
from grid.simulator.folder import FolderError, Founding, StreetFolder
from grid.simulator.homes import HomesFileError
from grid.simulator.journal import JournalError
from grid.simulator.mqtt import Brokerage, Carriers
from grid.simulator.profiles import Place
from grid.simulator.street import every


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m grid.simulator",
        description="A street of virtual homes and their feeder meter. It sends signed readings through the"
        " public API like any meter; the platform must know the meters before (their keys are made from the seed"
        " in the data folder).",
    )
    parser.add_argument("command", choices=("backfill", "live"), help="send history up to now, or follow the clock")
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="the platform (default %(default)s)")
    parser.add_argument("--data", type=Path, default=Path("var/simulator"), help="seed, street and meter journal")
    parser.add_argument("--homes", type=Path, help="CSV of homes (columns home,time,load_kwh,pv_kwh; .gz accepted)")
    parser.add_argument("--days", type=int, default=60, help="days of history of a new street (default %(default)s)")
    parser.add_argument("--latitude", type=float, default=52.52)
    parser.add_argument("--longitude", type=float, default=13.40)
    parser.add_argument("--time-zone", default="Europe/Berlin")
    parser.add_argument("--country", default="DE", help="whose public holidays are kept")
    parser.add_argument("--connections", type=int, default=3)
    parser.add_argument(
        "--compact",
        type=int,
        default=0,
        metavar="N",
        help="every Nth meter signs in the compact binary form instead of OCMF (1: all of them; default: none)",
    )
    parser.add_argument("--mqtt", metavar="HOST:PORT", help="broker that meters with a password there publish to")
    parser.add_argument("--mqtt-passwords", type=Path, metavar="FILE", help="JSON: community, passwords by serial")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run a command; 0 when every reading was taken."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    console = Console(stderr=True)
    today = slot_of(int(clock.timestamp())) // SLOTS_PER_DAY * SLOTS_PER_DAY
    founding = Founding(
        place=Place(options.latitude, options.longitude, options.time_zone, options.country),
        origin_slot=today - options.days * SLOTS_PER_DAY,
        window_end_slot=today + SLOTS_PER_DAY,
        homes_file=str(options.homes.resolve()) if options.homes else None,
    )
    try:
        brokerage = Brokerage.from_file(options.mqtt, options.mqtt_passwords) if options.mqtt else None
        with (
            MeterClient(options.url, connections=options.connections) as client,
            Carriers(client, brokerage) as carriers,
        ):
            street = StreetFolder(options.data, founding).street(carriers, compact=every(options.compact))
            if options.command == "backfill":
                border = slot_of(int(clock.timestamp())) * SLOT_SECONDS
                return 1 if backfill.run(street, to_unix=border, console=console).problems else 0
            stop = threading.Event()
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, lambda *_: stop.set())
            live.run(street, stop=stop)
    except (HomesFileError, FolderError, JournalError, ClientError) as error:
        console.print(str(error), style="red", markup=False, highlight=False, soft_wrap=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
