"""All checks of one case, in the order of the flow: log, meters, run, sources, chain."""

from dataclasses import dataclass

from grid.domain.casefile import Case
from grid.verifier.chain_checks import check_chain
from grid.verifier.evidence import Evidence
from grid.verifier.log_checks import check_log
from grid.verifier.metering_checks import check_intervals, check_records, check_versions
from grid.verifier.report import Report, require
from grid.verifier.run_checks import check_run
from grid.verifier.source_checks import check_sources


@dataclass(frozen=True, slots=True)
class Trust:
    """What the auditor knows from elsewhere, and does not take from the file."""

    log_key: str | None = None
    rpc: str | None = None
    record_anchor: bytes | None = None
    settlement: bytes | None = None


def verify(case: Case, trust: Trust) -> Report:
    """Check a case and return the report. Never raises for what the case says, however wrong."""
    return examine(case, trust).report


def examine(case: Case, trust: Trust) -> Evidence:
    """Check a case and return its evidence with the report, for what else is to be held against it."""
    report = Report()
    evidence = Evidence(case, report)
    check_log(evidence, pinned_key=trust.log_key)
    check_records(evidence)
    check_intervals(evidence)
    check_versions(evidence)
    if case.run is not None:
        with report.check("the run relies on the file's checkpoint"):
            require(case.run.checkpoint == case.seq, f"it names checkpoint {case.run.checkpoint}")
        statements, headers = check_run(case.run, report)
        check_sources(evidence, case.run, statements, headers)
    check_chain(evidence, url=trust.rpc, record_anchor=trust.record_anchor, settlement=trust.settlement)
    return evidence
