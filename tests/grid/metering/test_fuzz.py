"""Every parser, fuzzed: nothing but refusals on thousands of inputs a day, and on a million in a long campaign.

Each target runs under atheris in a process of its own, from the vectors on.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.grid.metering import fuzz

EVERY_DAY, DEEP = 2_000, 1_000_000


@pytest.mark.parametrize("name", fuzz.TARGETS)
def test_no_input_breaks_a_parser(name: str, tmp_path: Path, pytestconfig: pytest.Config) -> None:
    runs = DEEP // len(fuzz.TARGETS) if pytestconfig.getoption("--run-deep") else EVERY_DAY
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for number, seed in enumerate(fuzz.seeds(name)):
        (corpus / f"{number:03d}").write_bytes(seed)
    options = [f"-runs={runs}", "-max_len=4096", "-timeout=20", f"-artifact_prefix={tmp_path}/"]
    environment = os.environ | {"WATT_DEMO": "1", "DJANGO_SETTINGS_MODULE": "grid.config.settings"}
    done = subprocess.run(
        [sys.executable, "-m", "tests.grid.metering.fuzz", name, *options, os.fspath(corpus)],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        timeout=3_600,
    )
    # libFuzzer tells how many inputs it made.
    found = re.search(r"Done (\d+) runs in", done.stdout + done.stderr)
    assert done.returncode == 0, done.stderr[-3_000:]
    assert found is not None
    assert int(found[1]) >= runs
