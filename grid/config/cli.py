"""The commands behind `./watt`."""

import argparse
import os
import runpy
import sys
from pathlib import Path

from grid.config.runtime import ROOT, DataFolder, read_run_file
from grid.config.servers.processes import StartError

DEFAULT_DATA = ROOT / "var"
# `./watt` itself works in its own folder: a file is named from where it was called.
CALLED_FROM = Path(os.environ.get("WATT_CALLED_FROM", os.curdir)).resolve()


def _path(text: str) -> Path:
    return (CALLED_FROM / text).resolve()


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65_536:
        raise argparse.ArgumentTypeError(f"{text} is not a port: give a number from 1 to 65535")
    return int(text)


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0 < speed < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a speed: give a number above 0")
    return speed


def _homes(text: str) -> Path:
    path = _path(text)
    if not path.is_file():
        raise argparse.ArgumentTypeError(f"{path}: there is no such file")
    return path


def _data() -> Path:
    return _path(os.environ.get("WATT_DATA", os.fspath(DEFAULT_DATA)))


def _data_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data",
        type=_path,
        default=_data(),
        metavar="FOLDER",
        help="where everything is kept (default: var beside this command, or WATT_DATA)",
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="./watt",
        description="Commonwatt: local energy trading with demand forecasting, settled on chain.",
        epilog="Each command has its own --help. Environment variables are listed in .env.example.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    up = commands.add_parser("up", help="start everything, with a simulated community that trades live")
    _data_option(up)
    up.add_argument("--port", type=_port, help="port of the web page (default: 8000, or a free one)")
    up.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    up.add_argument(
        "--speed",
        type=_speed,
        default=60.0,
        help="seconds that pass per second in the demonstration (default: 60)",
    )
    up.add_argument(
        "--homes", type=_homes, metavar="FILE", help="CSV of homes to simulate instead of a generated street"
    )
    up.add_argument("--no-demo", action="store_true", help="no simulated community: empty platform, real time")
    up.add_argument("--exit-when-settled", action="store_true", help="stop after the first settled run (for measuring)")

    test = commands.add_parser(
        "test",
        help="run every test",
        usage="./watt test [-h] [--deep] [--only {checks,python,contracts}] [PYTEST ARGUMENTS]",
        description="Runs style, type and layer checks and the Python, browser and contract suites. Other arguments"
        " go to pytest, and then only it runs: ./watt test tests/domain -k merkle",
    )
    test.add_argument("--deep", action="store_true", help="add the long campaigns")
    test.add_argument("--only", choices=["checks", "python", "contracts"], help="one suite")

    smoke = commands.add_parser(
        "smoke", help="start, run one simulated day, settle, verify, stop; prints one JSON object"
    )
    smoke.add_argument("--homes", type=_homes, metavar="FILE", help="CSV of homes (default: 12 generated ones)")
    smoke.add_argument("--keep", action="store_true", help="keep the temporary data folder")

    bench = commands.add_parser("bench", help="measure speed against its limits")
    bench.add_argument(
        "name",
        choices=["start", "settlement", "ingest"],
        help="start: first settled run, restart, memory; settlement: gas of the contracts, speed of the chain client;"
        " ingest: readings taken in per CPU second, stored bytes, the log",
    )
    bench.add_argument("--json", action="store_true", help="one JSON object with the reach list as the last line")

    verify = commands.add_parser("verify", help="check a case file, offline or against a chain", add_help=False)
    verify.add_argument("rest", nargs=argparse.REMAINDER)

    watch = commands.add_parser("watch", help="check every own statement as it is posted, and alert", add_help=False)
    watch.add_argument("rest", nargs=argparse.REMAINDER)

    manage = commands.add_parser("manage", help="Django's commands, on the running platform", add_help=False)
    manage.add_argument("rest", nargs=argparse.REMAINDER)
    return parser


def _run_manage(arguments: list[str]) -> int:
    asks_for_help = arguments[:1] in ([], ["help"]) or "--help" in arguments or "-h" in arguments
    if asks_for_help:
        os.environ.setdefault("WATT_DEMO", "1")
    elif "DATABASE_URL" not in os.environ:
        running = read_run_file(DataFolder(_data()))
        os.environ.update(running["env"])
        if arguments[:1] == ["migrate"]:
            os.environ.update(running["owner"])
    sys.argv = ["./watt manage", *arguments]
    runpy.run_path(str(ROOT / "manage.py"), run_name="__main__")
    return 0


def main(argv: list[str] | None = None) -> int:
    words = sys.argv[1:] if argv is None else argv
    # These have command lines of their own, --help included.
    if words[:1] == ["manage"]:
        os.chdir(CALLED_FROM)
        return _run_manage(words[1:])
    outside = {"verify": "grid.verifier", "watch": "grid.verifier.watch"}
    if words and words[0] in outside:
        os.chdir(CALLED_FROM)
        sys.argv = [f"./watt {words[0]}", *words[1:]]
        runpy.run_module(outside[words[0]], run_name="__main__", alter_sys=False)
        return 0
    options, rest = _parser().parse_known_args(words)
    if rest and options.command != "test":
        _parser().error(f"unknown arguments: {' '.join(rest)}")
    if options.command == "test":
        from grid.config import testing

        return testing.run(deep=options.deep, only=options.only, arguments=rest)
    if options.command == "smoke":
        from grid.config import smoke

        return smoke.run(homes=options.homes, keep=options.keep)
    if options.command == "bench":
        from grid.config import bench

        return bench.run(options.name, as_json=options.json)
    from grid.config import supervisor

    return supervisor.run(options)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except StartError as error:
        print(f"watt: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
