"""Grades the tests: changes the contracts in one place at a time and counts the changes that the tests notice.

    uv run python contracts/scripts/mutate.py --sample 200 --seed 7     (from the repository's root, main environment)
    uv run python contracts/scripts/mutate.py --report

A mutant that does not compile, or compiles to the same code, does not count. Each other one is put before the tests
of tests/evm in a process of its own. Verdicts are kept in build/mutants.jsonl, by the mutant and by the hashes of its
source and of the tests' folder, so a run can be broken off and goes on where it was. Survivors that no test could kill
stand in mutants.json with a reason each; MUTANTS.md shows them. The exit code is 1 if the score is too low, or a
survivor has no reason.
"""

import argparse
import collections
import hashlib
import importlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
REPOSITORY = ROOT.parent
sys.path[:0] = [str(Path(__file__).parent), str(REPOSITORY)]

from mutants import Mutant, all_mutants  # noqa: E402

ARTIFACTS = ROOT / "artifacts"
VERDICTS = ROOT / "build" / "mutants.jsonl"
ANSWERED = ROOT / "mutants.json"
PAGE = ROOT / "MUTANTS.md"
HEAD = """# Mutants that no test noticed

`scripts/mutate.py` changes the contracts in one place at a time (comparisons, arithmetic, conditions, numbers,
statements, refusals, modifiers, returns; in assembly as well) and counts the changes that tests/evm notices. What does
not compile, or compiles to the same code, does not count. Written by `scripts/mutate.py --report --write`; reasons are
in `mutants.json`.
"""
TARGET = 0.95
SECONDS = 90
"""One mutant's tests; what takes longer has noticed it too (a loop without end)."""

COUNTED = ("killed", "survived")
TESTS = REPOSITORY / "tests" / "evm"


class Compiler:
    """The Node process that compiles one changed source at a time."""

    def __init__(self) -> None:
        node = os.environ.get("NODE", "node")
        script = str(Path(__file__).parent / "mutant_compiler.js")
        self.process = subprocess.Popen([node, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def compile(self, path: str, content: str, contracts: list[tuple[str, str]]) -> dict[str, str]:
        """Return creation code by contract, or {"error": text}."""
        stdin, stdout = self.process.stdin, self.process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps({"path": path, "content": content, "contracts": contracts}) + "\n")
        stdin.flush()
        answer: dict[str, str] = json.loads(stdout.readline())
        return answer


def imported(path: Path) -> set[Path]:
    """A source and all of ours that it imports, directly or not. Brownie's own list leaves libraries out."""
    found, waiting = set[Path](), [path]
    while waiting:
        source = waiting.pop()
        if source in found:
            continue
        found.add(source)
        names = re.findall(r'^import .*?"(\.[^"]+)";', source.read_text(), re.MULTILINE)
        waiting += [(source.parent / name).resolve() for name in names]
    return found


def dependents() -> dict[str, list[tuple[str, str]]]:
    """For each source the (file, name) of the contracts whose code it is part of."""
    found: dict[str, list[tuple[str, str]]] = collections.defaultdict(list)
    for path in sorted([*ARTIFACTS.glob("*.json"), *(ARTIFACTS / "mocks").glob("*.json")]):
        artifact = json.loads(path.read_text())
        own = [source for source in artifact["sources"] if source.endswith(f"/{artifact['contractName']}.sol")]
        for source in imported((ROOT / own[0]).resolve()) if own else ():
            found[source.relative_to(ROOT.resolve()).as_posix()].append((own[0], artifact["contractName"]))
    return found


def tests_for(path: str) -> list[str]:
    """The tests that have to do with a source, those first that fail soonest."""
    if path.startswith(("src/disputes/", "src/Recomputation", "src/Disputes")):
        names = [
            "test_words.py", "test_paths.py", "test_cases.py", "test_claims.py", "test_registers.py", "test_late.py",
            "test_row_proofs.py", "test_court_failures.py", "test_openings.py", "test_recompute.py", "test_court.py",
            "test_terms.py", "test_unposted.py",
        ]  # fmt: skip
    elif path.startswith(("src/accounts/", "src/Accounts")):
        names = ["test_accounts.py", "test_failures.py", "test_succession.py"]
    else:
        names = [
            "test_words.py", "test_paths.py", "test_boundaries.py", "test_events.py", "test_failures.py",
            "test_deployment.py", "test_merkle.py", "test_reentry.py", "test_differential.py", "test_accounts.py",
            "test_machine.py",
        ]  # fmt: skip
    return [str(TESTS / name) for name in names]


def run_tests(folder: Path, tests: list[str]) -> str:
    """Put the artifacts of a folder before some tests, in a child of this process; return the verdict."""
    child = os.fork()
    if not child:
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        code = 1
        try:
            import pytest

            import tests.evm.chain as chain

            chain.ARTIFACTS = folder
            chain.artifact.cache_clear()
            chain.errors.cache_clear()
            options = ["-x", "-q", "-o", "addopts=", "-p", "no:django", "-p", "no:cacheprovider"]
            code = int(pytest.main([*options, *tests]))
        finally:
            os._exit(code)
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return "survived" if status == 0 else "killed"
        time.sleep(0.02)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return "killed"


def fingerprint() -> str:
    """Changes with the tests, not with the sources."""
    digest = hashlib.sha256()
    for path in [*sorted(TESTS.rglob("*.py")), REPOSITORY / "grid" / "domain" / "ledger.py"]:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def source_hash(path: str) -> str:
    return hashlib.sha256((ROOT / path).read_bytes()).hexdigest()[:12]


def verdicts() -> dict[tuple[str, str], dict[str, Any]]:
    """Verdicts so far, by key and source; a kill stays one when tests are added, survival is tried again."""
    kept = {}
    if VERDICTS.is_file():
        for line in VERDICTS.read_text().splitlines():
            item = json.loads(line)
            kept[item["key"], item["source"]] = item
    return kept


def judge(mutant: Mutant, compiler: Compiler, contracts: list[tuple[str, str]], base: dict[str, str]) -> str:
    """Compile and test one mutant."""
    text = (ROOT / mutant.path).read_text()
    made = compiler.compile(mutant.path, mutant.apply(text), contracts)
    if "error" in made:
        return "not compiled"
    changed = {name: code for name, code in made.items() if code != base[name]}
    if not changed:
        return "same code"
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "artifacts"
        shutil.copytree(ARTIFACTS, folder)
        for name, code in changed.items():
            path = next(path for path in (folder / f"{name}.json", folder / "mocks" / f"{name}.json") if path.is_file())
            artifact = json.loads(path.read_text())
            artifact["bytecode"] = "0x" + code
            path.write_text(json.dumps(artifact))
        return run_tests(folder, tests_for(mutant.path))


def campaign(chosen: list[Mutant], seconds: float) -> None:
    """Judge what has no verdict yet, until the time is over."""
    os.environ["EVM_SHORT"] = "1"
    for module in ("test_failures", "test_machine", "test_court", "test_openings", "test_cases"):
        importlib.import_module(f"tests.evm.{module}")  # what every child needs is loaded once
    sys.modules["tests.evm.test_recompute"].by_run()
    sys.modules["tests.evm.test_claims"].paying()
    sys.modules["tests.evm.casefile"].short()
    sys.modules["tests.evm.casefile"].correction()

    wanted, known, tests = dependents(), verdicts(), fingerprint()
    compiler, bases, until = Compiler(), {}, time.monotonic() + seconds
    VERDICTS.parent.mkdir(exist_ok=True)
    for path in {tuple(tests_for(mutant.path)): mutant.path for mutant in chosen}.values():
        if run_tests(ARTIFACTS, tests_for(path)) != "survived":
            raise SystemExit(f"the tests for {path} fail on the unchanged contracts")
    for number, mutant in enumerate(chosen, 1):
        source = source_hash(mutant.path)
        old = known.get((mutant.key, source))
        if old and (old["verdict"] != "survived" or old["tests"] == tests):
            continue
        if time.monotonic() > until:
            break
        contracts = wanted.get(mutant.path)
        if not contracts:
            continue
        if mutant.path not in bases:
            bases[mutant.path] = compiler.compile(mutant.path, (ROOT / mutant.path).read_text(), contracts)
        verdict = judge(mutant, compiler, contracts, bases[mutant.path])
        item = {"key": mutant.key, "source": source, "tests": tests, "verdict": verdict}
        with VERDICTS.open("a") as file:
            file.write(json.dumps(item) + "\n")
        if verdict == "survived":
            print(f"{number}/{len(chosen)} {verdict}: {describe(mutant)}", flush=True)


def describe(mutant: Mutant) -> str:
    return f"{mutant.key} {mutant.path}:{mutant.line} {mutant.operator}: {' '.join(mutant.shown.split())}"


def report(chosen: list[Mutant], *, drawn: str, write: bool = False) -> int:
    """Print the score, and write the page if asked; return the exit code. `drawn` says which mutants were chosen."""
    known = verdicts()
    found = [(mutant, known.get((mutant.key, source_hash(mutant.path)))) for mutant in chosen]
    counts = collections.Counter(item["verdict"] for _, item in found if item)
    answered = json.loads(ANSWERED.read_text()) if ANSWERED.is_file() else {}
    compiled = sum(counts[verdict] for verdict in COUNTED)
    survivors = [mutant for mutant, item in found if item and item["verdict"] == "survived"]
    open_ones = [mutant for mutant in survivors if mutant.key not in answered]
    raw = counts["killed"] / max(1, compiled)
    score = counts["killed"] / max(1, counts["killed"] + len(open_ones))
    scores = f"{100 * raw:.1f} % of all that compile to other code, {100 * score:.1f} % without the equivalent ones"
    for mutant in survivors:
        print(f"  {describe(mutant)}\n    {answered.get(mutant.key, 'NO REASON GIVEN')}")
    told = f"{len(chosen)} mutants, {sum(counts.values())} judged: {dict(sorted(counts.items()))}"
    print(told)
    print(f"score: {scores}")
    if write:
        listed = [f"- `{mutant.path}` {mutant.operator}: `{' '.join(mutant.shown.split())}`" for mutant in survivors]
        reasons = [f"  {answered.get(mutant.key, 'NO REASON GIVEN')}" for mutant in survivors]
        entries = [line for pair in zip(listed, reasons, strict=True) for line in pair]
        PAGE.write_text("\n".join([HEAD, f"{drawn}: {told}. **Score: {scores}.**\n", *entries]) + "\n")
    return int(score < TARGET or bool(open_ones))


def lot(seed: int, mutant: Mutant) -> str:
    """By what a sample is drawn: a change of one source leaves all other mutants of a sample where they are."""
    return hashlib.sha256(f"{seed} {mutant.key}".encode()).hexdigest()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sample", type=int, help="so many mutants, drawn by the seed; all without it")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=1e6, help="stop after that; the next run goes on")
    parser.add_argument("--path", default="", help="only sources whose path holds this, or one of these with | between")
    parser.add_argument("--report", action="store_true", help="judge nothing, tell what is known")
    parser.add_argument("--write", action="store_true", help="write MUTANTS.md from what is known")
    given = parser.parse_args()
    chosen = [mutant for mutant in all_mutants(ROOT) if any(part in mutant.path for part in given.path.split("|"))]
    if given.sample and given.sample < len(chosen):
        chosen = sorted(chosen, key=lambda mutant: lot(given.seed, mutant))[: given.sample]
    if not given.report:
        campaign(chosen, 60 * given.minutes)
    drawn = f"`--sample {given.sample} --seed {given.seed}`" if given.sample else "All mutants"
    drawn += f' of `--path "{given.path}"`' if given.path else " of all sources"
    return report(chosen, drawn=drawn, write=given.write)


if __name__ == "__main__":
    sys.exit(main())
