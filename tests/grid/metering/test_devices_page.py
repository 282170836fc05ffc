"""docs/DEVICES.md says what is so: the table of problems, the limits, the worked example."""

import json
import re
from pathlib import Path

from grid.domain import native, ocmf
from grid.domain.slots import DAY_SECONDS
from grid.metering.api import readings
from grid.metering.problems import PROBLEMS
from grid.metering.queries.registers import LONGEST_SPAN
from grid.metering.services import checking

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "DEVICES.md").read_text()


def test_every_problem_stands_there_as_it_is() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| (\d{3}) \| (.*?) \| (.*) \|$", PAGE.split("## Problems")[1], re.MULTILINE)
    told = {code: (int(status), title, remedy.replace("\\|", "|")) for code, status, title, remedy in rows}

    assert told == {code: (kind.status, kind.title, kind.remedy) for code, kind in PROBLEMS.items()}


def test_the_worked_example_is_a_vector() -> None:
    block = PAGE.split("50,011 Wh:")[1].split("Its key is")
    record = bytes.fromhex("".join(block[0].split()))
    key = re.search(r"[0-9a-f]{66}", block[1])

    (case,) = [
        case
        for case in json.loads((ROOT / "tests" / "vectors" / "native.json").read_text())["cases"]
        if case["name"] == "two slots of both registers"
    ]
    assert record.hex() == case["record"]
    assert key is not None
    ocmf.verify(native.parse(record), bytes.fromhex(key[0]))


def test_limits_stand_there() -> None:
    for text in (
        f"At most {readings.MAX_RECORDS} records and {readings.MAX_BODY_BYTES >> 20} MiB",
        f"{checking.CLOCK_TOLERANCE_SECONDS} s before our clock",
        f"{checking.OLDEST_DAYS} days",
        f"{LONGEST_SPAN // DAY_SECONDS} days",
    ):
        assert text in PAGE
