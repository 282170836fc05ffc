"""`./watt watch`: follow the own statements, check each, alert, and prepare or send claims."""

import argparse
import os
import shlex
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from grid.domain.signers import address_text
from grid.verifier import arguments
from grid.verifier.chain_checks import Rpc
from grid.verifier.report import CheckFailed
from grid.verifier.watch import sending
from grid.verifier.watch.alerts import Voice
from grid.verifier.watch.platform import Platform, PlatformError
from grid.verifier.watch.rounds import Options, Watcher
from grid.verifier.watch.state import State, load, save

HOLDS, ALERTS, UNUSABLE, INTERRUPTED = 0, 1, 2, 130
TOKEN_ENV = "COMMONWATT_TOKEN"


def main(
    words: Sequence[str] | None = None,
    *,
    now: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
) -> int:
    """Run the command; returns the exit code (see --help)."""
    options = _parser().parse_args(words)
    try:
        platform = Platform(options.url, _token(options.token_file))
        state = load(options.state, options.url)
        wishes = _wishes(options)
    except (OSError, ValueError) as error:
        print(f"watt watch: {error}", file=sys.stderr)
        return UNUSABLE
    voice = Voice(lambda line: print(line, flush=True), now, options.webhook, shlex.split(options.command or ""))
    try:
        while True:
            code = _once(platform, state, voice, wishes, options.state)
            if options.once:
                return code
            sleep(options.every)
    except KeyboardInterrupt:
        print("watt watch: stopped", file=sys.stderr)
        return INTERRUPTED
    except OSError as error:
        print(f"watt watch: {options.state} cannot be written: {error}", file=sys.stderr)
        return UNUSABLE


def _once(platform: Platform, state: State, voice: Voice, options: Options, path: Path) -> int:
    """Look once and save what was learnt, however the look ends."""
    watcher = Watcher(platform, state, voice, options)
    try:
        watcher.look()
    except PlatformError as error:
        voice.warn("platform", str(error))
        return ALERTS if state.open_alerts else UNUSABLE
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        voice.warn("platform", f"the platform's answer is not as described: {error!r}")
        return ALERTS if state.open_alerts else UNUSABLE
    finally:
        save(path, state)
    _claim(watcher, state, voice, options)
    return ALERTS if state.open_alerts else HOLDS


def _claim(watcher: Watcher, state: State, voice: Voice, options: Options) -> None:
    """Write the claims that were found, and send them where a key is given."""
    contract = state.contracts.get("Recomputation", "")
    for claim in watcher.prepared:
        what = f"{claim.function} of slot {claim.slot}" if claim.slot else claim.function
        voice.say("claim", f"{what} would pay {claim.pays}", account=address_text(claim.account), pays=claim.pays)
        try:
            if options.claims is not None:
                voice.say("claim", f"written to {sending.write(claim, contract, options.claims)}")
            if options.key is not None and options.rpc is not None:
                sent = sending.send(claim, rpc=Rpc(options.rpc), key=options.key, contracts=state.contracts)
                voice.say("claim", f"{what} sent", transaction=sent)
        except (CheckFailed, OSError, KeyError, ValueError) as error:
            voice.warn("claim", f"{what} could not be claimed: {error}")


def _wishes(options: argparse.Namespace) -> Options:
    """Raises ValueError, OSError."""
    if options.key_file is not None and options.rpc is None:
        raise ValueError("--key-file sends claims, which needs --rpc")
    pins = {"RecordAnchor": options.record_anchor, "Settlement": options.settlement}
    pins["Recomputation"] = options.recomputation
    return Options(
        accounts=options.account,
        rpc=options.rpc,
        log_key=options.log_key,
        pins={name: text for name, text in pins.items() if text},
        grace=options.grace,
        claims=options.claims,
        key=None if options.key_file is None else sending.read_key(options.key_file),
    )


def _token(path: Path | None) -> str:
    token = os.environ.get(TOKEN_ENV, "") if path is None else path.read_text()
    token = token.strip()
    if not token or not token.isascii() or any(letter.isspace() for letter in token):
        raise ValueError(f"no token: make one on the page 'Access' and give it by --token-file or {TOKEN_ENV}")
    return token


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="watt watch",
        description="Watch the own accounts: check each statement as it is posted, from the meter's signature to the "
        "amount; see that the log only grows; alert, and prepare claims. Needs no database, trusts no answer.",
        epilog="Exit code 0: everything checked so far holds. 1: an alert is open. 2: options, state or platform "
        "cannot be used. One JSON line on the standard output for each event. docs/PROTOCOL.md, section 10.",
    )
    parser.add_argument("url", metavar="URL", help="the platform, https://energy.example.org")
    parser.add_argument("--token-file", type=Path, metavar="FILE", help=f"file with the token (default: {TOKEN_ENV})")
    parser.add_argument("--state", type=Path, default=Path("watch.json"), metavar="FILE", help="memory (watch.json)")
    parser.add_argument(
        "--account", type=_address, action="append", default=[], metavar="ADDRESS", help="only this one"
    )
    parser.add_argument("--once", action="store_true", help="look once and end")
    parser.add_argument("--every", type=_seconds, default=60.0, metavar="SECONDS", help="time between looks (60)")
    parser.add_argument("--grace", type=int, default=6 * 3600, metavar="SECONDS", help="how long data may be missing")
    parser.add_argument("--rpc", metavar="URL", help="Ethereum node: posted runs, checkpoints, and sending claims")
    parser.add_argument("--webhook", metavar="URL", help="address that alerts are posted to")
    parser.add_argument("--command", metavar="COMMAND", help="command that gets each alert on its standard input")
    parser.add_argument("--claims", type=Path, metavar="FOLDER", help="folder for claims to relay")
    parser.add_argument("--key-file", type=Path, metavar="FILE", help="private key of a delegate, who sends the claims")
    parser.add_argument(
        "--log-key", type=arguments.log_key, metavar="KEY", help="verifier key of the log that you know"
    )
    for name in ("record-anchor", "settlement", "recomputation"):
        parser.add_argument(f"--{name}", type=_address, metavar="ADDRESS", help="address of the contract that you know")
    return parser


def _address(text: str) -> str:
    return address_text(arguments.address(text))


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 1 <= seconds <= 86_400:
        raise argparse.ArgumentTypeError(f"{text} is not a number of seconds from 1 to 86400")
    return seconds


if __name__ == "__main__":
    sys.exit(main())
