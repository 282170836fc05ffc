"""Holds Slither's findings against the answers in slither.json; run through slither.sh.

An answer is given per detector, for the places it was examined at: contract and function, and the variable where the
finding is about one. Lines may move; a finding at another place has to be looked at first.
"""

import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FOUND = ROOT / "build" / "slither" / "found.json"
ANSWERS = ROOT / "slither.json"
PAGE = ROOT / "SLITHER.md"
HEAD = """# Slither's findings, answered

Slither 0.11.6 over everything that is deployed, OpenZeppelin's own files and mocks left out. `scripts/slither.sh` fails
on a finding that has no answer in `slither.json`; this page is written from there (`scripts/slither.sh --write`).
"""


def place_of(finding: dict[str, Any]) -> str:
    """Contract.function, and the variable where the finding names one."""
    element = finding["elements"][0]
    variable = ""
    if element["type"] == "variable":
        variable = f" {element['name']}"
        element = element["type_specific_fields"]["parent"]
    elif element["type"] == "node":
        element = element["type_specific_fields"]["parent"]
    parent = element["type_specific_fields"].get("parent", {"name": "?"})
    return f"{parent['name']}.{element['name']}{variable}"


def main() -> int:
    data = json.loads(FOUND.read_text())
    if not data["success"]:
        print(data["error"], file=sys.stderr)
        return 1
    found: dict[str, set[str]] = defaultdict(set)
    for finding in data["results"].get("detectors", []):
        found[finding["check"]].add(place_of(finding))
    answers = json.loads(ANSWERS.read_text())
    total = sum(map(len, found.values()))
    missing = {
        check: sorted(places - set(answers.get(check, {}).get("places", []))) for check, places in sorted(found.items())
    }
    missing = {check: places for check, places in missing.items() if places}
    if "--write" in sys.argv:
        write(answers, found)
    for check, places in missing.items():
        for place in places:
            print(f"no answer: {check}: {place}", file=sys.stderr)
    print(f"{total} findings, {total - sum(map(len, missing.values()))} answered")
    return int(bool(missing))


def write(answers: dict[str, Any], found: dict[str, set[str]]) -> None:
    """Render the page: what was found, where, and why it stays."""
    lines = [HEAD]
    for check, answer in sorted(answers.items()):
        places = sorted(found.get(check, set()) & set(answer["places"]))
        if places:
            lines += [f"## {check}\n", f"{answer['reason']}\n", *(f"- `{place}`" for place in places), ""]
    PAGE.write_text("\n".join(lines).rstrip() + "\n")


if __name__ == "__main__":
    sys.exit(main())
