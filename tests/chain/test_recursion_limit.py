"""A nested JSON body must be refused, not end the process: the chain's libraries must not raise the limit."""

import subprocess
import sys

PROBE = """
import json, sys
before = sys.getrecursionlimit()
import django
django.setup()
import grid.config.urls
assert sys.getrecursionlimit() == before, sys.getrecursionlimit()
try:
    json.loads("[" * 200_000)
except RecursionError:
    print("refused")
"""


def test_the_recursion_limit_is_pythons_own_after_everything_is_imported() -> None:
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "refused"), done.stderr
