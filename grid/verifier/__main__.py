"""`./watt verify FILE`: check a case file, offline, and say line by line what holds."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from grid.domain.casefile import CaseFileError, from_json
from grid.verifier import arguments
from grid.verifier.promise_checks import check_extension, check_promise, check_receipt
from grid.verifier.reading import is_consistency, is_receipt, read_json
from grid.verifier.report import Outcome, Report
from grid.verifier.verification import Trust, examine

PASSED, FAILED, UNREADABLE = 0, 1, 2


def main(words: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code (see --help)."""
    options = _parser().parse_args(words)
    path = options.file
    try:
        document = read_json(path)
        others = {}
        for name in ("receipt", "since"):
            path = getattr(options, name)
            others[name] = None if path is None else read_json(path)
        path = options.file
        title, report = _check(document, others, options)
    except (CaseFileError, OSError) as error:
        print(_printable(f"{path}: {error}"), file=sys.stderr)
        return UNREADABLE
    print(_as_json(title, report) if options.json else _as_text(title, report))
    return PASSED if report.passed else FAILED


def _check(document: Any, others: dict[str, Any], options: argparse.Namespace) -> tuple[str, Report]:
    """Check a file for what it is, and what was given beside it. Raises CaseFileError."""
    report = Report()
    if is_receipt(document):
        check_receipt(document, report, log_key=options.log_key)
        return "Receipt of the log", report
    if is_consistency(document):
        check_extension(document, report)
        return "Two sizes of the log", report
    case = from_json(document)
    trust = Trust(options.log_key, options.rpc, options.record_anchor, options.settlement)
    evidence = examine(case, trust)
    if others["receipt"] is not None:
        if not is_receipt(others["receipt"]):
            raise CaseFileError(f"{options.receipt} is no receipt of the log")
        key = options.log_key or case.verifier_key
        receipt = check_receipt(others["receipt"], evidence.report, log_key=key)
        if receipt is not None:
            check_promise(receipt, evidence)
    if others["since"] is not None:
        if not is_consistency(others["since"]):
            raise CaseFileError(f"{options.since} is no consistency proof of the log")
        check_extension(others["since"], evidence.report, size=evidence.size, root=evidence.root)
    return case.title, evidence.report


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="watt verify",
        description="Check a case file: a meter's signed readings or a settlement statement, from the signed "
        "bytes to the amounts, against the log's checkpoint. Needs no database, and no network without --rpc.",
        epilog="Exit code 0: something was checked and nothing failed. 1: something failed, or nothing could "
        "be checked. 2: the file cannot be read as a case file. The form of the file: docs/PROTOCOL.md, section 8.",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="case file, receipt, or consistency proof (JSON)")
    parser.add_argument("--receipt", type=Path, metavar="FILE", help="receipt whose promise the case file has to keep")
    parser.add_argument("--since", type=Path, metavar="FILE", help="proof that the file's log extends an earlier one")
    parser.add_argument("--rpc", metavar="URL", help="Ethereum node to look up the checkpoint and the run at")
    parser.add_argument(
        "--log-key",
        type=arguments.log_key,
        metavar="KEY",
        help="verifier key of the log you know, not the file's",
    )
    for name, what in (("--record-anchor", "RecordAnchor"), ("--settlement", "Settlement")):
        help_text = f"address of {what} that you know, instead of the file's"
        parser.add_argument(name, type=arguments.address, metavar="ADDRESS", help=help_text)
    parser.add_argument("--json", action="store_true", help="print the report as one JSON object")
    return parser


def _summary(report: Report) -> str:
    counts = [f"{report.count(outcome)} {outcome.lower()}" for outcome in Outcome]
    return f"{'PASSED' if report.passed else 'FAILED'}: {', '.join(counts)}"


def _as_text(title: str, report: Report) -> str:
    return "\n".join(map(_printable, [title, *map(str, report.results), _summary(report)]))


def _printable(text: str) -> str:
    """Text of a stranger's file without what would command a terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _as_json(title: str, report: Report) -> str:
    """Return the report as JSON: `held`, `failed` and `not_checked` count, `failures` are in words."""
    shown = {
        "title": title,
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
