"""`./watt bench start`: how long the platform takes to be there, and what it takes of the machine.

Measures a start on an empty data folder (packages installed already), the memory of the whole idle
stack, and a restart.
"""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from grid.config.bench.reach import Reach, report
from grid.config.parts import answers
from grid.config.runtime import DataFolder, read_run_file
from grid.config.servers.processes import StartError, free_port, wait_until
from grid.config.supervisor import Supervisor

SETTLED_LIMIT = 40.0
RESTART_LIMIT = 8.0
MEMORY_LIMIT = 1_200.0
BACKFILL_LIMIT = 5_000.0
IDLE_SECONDS = 20.0
PATIENCE = 300.0


@contextmanager
def _platform(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """`./watt up` on a folder, stopped at the end."""
    command = [sys.executable, "-m", "grid.config.cli", "up", "--data", os.fspath(folder), "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=sys.stderr)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)


def descendants(processes: list[int]) -> set[int]:
    """Return processes and all their descendants. Linux only."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(entry.parent.name))
    waiting, seen = list(processes), set[int]()
    while waiting:
        process = waiting.pop()
        if process not in seen:
            seen.add(process)
            waiting += children.get(process, [])
    return seen


def stack_memory(processes: list[int]) -> float:
    """Proportional memory of processes and all their descendants in MB (shared pages counted once). Linux only."""
    return sum(map(_proportional, descendants(processes)))


def _proportional(process: int) -> float:
    try:
        found = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{process}/smaps_rollup").read_text(), re.MULTILINE)
    except OSError:
        return 0.0
    return int(found.group(1)) / 1024 if found else 0.0


def measure(folder: Path) -> list[Reach]:
    """Start, look, stop, start again. Raises StartError when the platform does not come up."""
    port = free_port()
    told = folder / "demo.json"
    began = time.time()
    with _platform(folder, port) as process:
        wait_until(told.exists, what="The first settled run", seconds=PATIENCE, process=process)
        story = json.loads(told.read_text())
        time.sleep(IDLE_SECONDS)
        run = read_run_file(DataFolder(folder))
        memory = stack_memory([run["supervisor"], *run["processes"].values()])
    again = time.monotonic()
    with _platform(folder, port) as process:
        page = answers(f"http://127.0.0.1:{port}/")  # the log-in page, from the database
        wait_until(page, what="The page", seconds=PATIENCE, process=process)
        restart = time.monotonic() - again
    settled = story["settled_at"] - began
    rate = story["backfill_readings_per_second"]
    return [
        Reach.at_most("seconds to the first settled run, packages installed", settled, SETTLED_LIMIT),
        Reach.at_least("back-filled slot readings per second", rate, BACKFILL_LIMIT),
        Reach.at_most("seconds from restart to a live page", restart, RESTART_LIMIT),
        Reach.at_most("MB of memory of the idle stack (proportional)", memory, MEMORY_LIMIT),
    ]


def run(*, as_json: bool) -> int:
    """The `bench start` command. Returns 0 when every limit was kept."""
    folder = Path(tempfile.mkdtemp(prefix="watt-bench-"))
    folder.chmod(0o755)
    try:
        reach = measure(folder)
    except StartError as error:
        print(f"watt: {error}", file=sys.stderr)
        return 1
    finally:
        Supervisor(DataFolder(folder), host="127.0.0.1", port=None).remove()
    return report("start", reach, as_json=as_json)
