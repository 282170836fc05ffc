"""`./watt verify FILE`: check a case file, offline, and say line by line what holds."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from grid.domain.casefile import Case, CaseFileError, from_json
from grid.domain.notes import parse_verifier_key
from grid.domain.signers import address_bytes
from grid.verifier.report import Outcome, Report
from grid.verifier.verification import Trust, verify

PASSED, FAILED, UNREADABLE = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code (see --help)."""
    options = _parser().parse_args(arguments)
    try:
        case = read(options.file)
    except (CaseFileError, OSError) as error:
        print(f"{options.file}: {error}", file=sys.stderr)
        return UNREADABLE
    trust = Trust(options.log_key, options.rpc, options.record_anchor, options.settlement)
    report = verify(case, trust)
    print(_as_json(case, report) if options.json else _as_text(case, report))
    return PASSED if report.passed else FAILED


def read(path: Path) -> Case:
    """Return the case in a file. Raises CaseFileError or OSError."""
    try:
        document = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise CaseFileError(f"not JSON: {error}") from None
    return from_json(document)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="watt verify",
        description="Check a case file: a meter's signed readings or a settlement statement, from the signed "
        "bytes to the amounts, against the log's checkpoint. Needs no database, and no network without --rpc.",
        epilog="Exit code 0: something was checked and nothing failed. 1: something failed, or nothing could "
        "be checked. 2: the file cannot be read as a case file. The form of the file: docs/PROTOCOL.md, section 8.",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="case file (JSON)")
    parser.add_argument("--rpc", metavar="URL", help="Ethereum node to look up the checkpoint and the run at")
    parser.add_argument(
        "--log-key", type=_log_key, metavar="KEY", help="verifier key of the log that you know, instead of the file's"
    )
    for name, what in (("--record-anchor", "RecordAnchor"), ("--settlement", "Settlement")):
        help_text = f"address of {what} that you know, instead of the file's"
        parser.add_argument(name, type=_address, metavar="ADDRESS", help=help_text)
    parser.add_argument("--json", action="store_true", help="print the report as one JSON object")
    return parser


def _log_key(text: str) -> str:
    try:
        parse_verifier_key(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def _address(text: str) -> bytes:
    try:
        return address_bytes(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _summary(report: Report) -> str:
    counts = [f"{report.count(outcome)} {outcome.lower()}" for outcome in Outcome]
    return f"{'PASSED' if report.passed else 'FAILED'}: {', '.join(counts)}"


def _as_text(case: Case, report: Report) -> str:
    return "\n".join([case.title, *map(str, report.results), _summary(report)])


def _as_json(case: Case, report: Report) -> str:
    """Return the report as JSON: `held`, `failed` and `not_checked` count, `failures` are in words."""
    shown = {
        "title": case.title,
        "passed": report.passed,
        "held": report.count(Outcome.HOLDS),
        "failed": report.count(Outcome.FAILS),
        "not_checked": report.count(Outcome.NOT_CHECKED),
        "failures": [f"{r.what}: {r.detail}" for r in report.results if r.outcome is Outcome.FAILS],
        "results": [
            {"outcome": r.outcome.lower(), "check": r.what, "times": r.times, "detail": r.detail}
            for r in report.results
        ],
    }
    return json.dumps(shown, indent=1)


if __name__ == "__main__":
    sys.exit(main())
