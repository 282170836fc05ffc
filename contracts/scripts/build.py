"""Compile the contracts and keep the part of the result that a deployment needs.

Writes ``artifacts/<Name>.json`` with contractName, abi, bytecode (creation code), compiler, sourceSha256 and the
sources that hash covers. With ``--check`` nothing is written: the exit code is 1 if a committed artifact differs.
Run through ``build.sh``, which prepares the compiler and keeps Brownie's files inside this folder.
"""

import argparse
import hashlib
import json
import sys
from pathlib import Path

from brownie import project

ROOT = Path(__file__).resolve().parent.parent
ARTIFACTS = ROOT / "artifacts"
DEPLOYED = (
    "AccessManager",
    "Accounts",
    "DemoToken",
    "Disputes",
    "ERC7913WebAuthnVerifier",
    "Escrow",
    "Recomputation",
    "RecordAnchor",
    "Settlement",
)


def source_hash(paths: list[str]) -> str:
    """SHA-256 over the lines ``<sha256 of the file>  <path>`` of the project's own sources, sorted by path."""
    lines = [f"{hashlib.sha256((ROOT / path).read_bytes()).hexdigest()}  {path}\n" for path in sorted(paths)]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def artifact(build: dict) -> dict:
    """Trim one of Brownie's build records; the library's own files are pinned by package-lock.json, not hashed here."""
    own = [path for path in build["allSourcePaths"].values() if (ROOT / path).is_file()]
    own = sorted({path for path in own if path.startswith(("src/", "interfaces/"))})
    compiler = build["compiler"]
    return {
        "contractName": build["contractName"],
        "abi": build["abi"],
        "bytecode": "0x" + build["bytecode"].removeprefix("0x"),
        "compiler": {
            "version": compiler["version"],
            "evmVersion": compiler["evm_version"],
            "optimizer": compiler["optimizer"],
        },
        "sources": own,
        "sourceSha256": source_hash(own),
    }


# What tests and the bench need besides; in a folder of their own, which no deployment reads.
MOCKS = (
    "AccountWordHarness",
    "HostileToken",
    "MerkleLogHarness",
    "PerTradeSettlement",
    "TestVerifier",
    "TestWallet",
    "WordsHarness",
)


def render(name: str, builds: project.main.Project) -> str:
    return json.dumps(artifact(builds._build.get(name)), indent=1, sort_keys=False) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare with the committed artifacts, write nothing")
    check = parser.parse_args().check
    loaded = project.load(str(ROOT), name="Commonwatt", raise_if_loaded=False)
    stale = []
    for name in (*DEPLOYED, *MOCKS):
        path = ARTIFACTS / ("mocks" if name in MOCKS else "") / f"{name}.json"
        text = render(name, loaded)
        if check:
            if not path.is_file() or path.read_text() != text:
                stale.append(name)
        else:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
    if stale:
        print(
            f"artifacts differ from the sources: {', '.join(stale)}; run contracts/scripts/build.sh",
            file=sys.stderr,
        )
        return 1
    print(f"{len(DEPLOYED) + len(MOCKS)} artifacts {'match the sources' if check else 'written'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
