"""The development chain: anvil with its state kept in a file, its clock led by ours."""

import json
import os
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from grid.config.servers import processes

ROOT = Path(__file__).resolve().parents[3]
CHAIN_ID = 31_337
# A dump that has not changed for so long is finished; anvil begins one a second.
DUMPED = 0.3


def binary() -> Path:
    """Foundry's platform binary: from ANVIL, from the tools `./watt` installed, or from PATH."""
    named = os.environ.get("ANVIL")
    if named:
        return Path(named)
    packages = ROOT / ".tools" / "anvil" / "node_modules" / "@foundry-rs"
    found = sorted(packages.glob("anvil-*/bin/anvil*"))
    if found:
        return found[0]
    on_path = shutil.which("anvil")
    if on_path:
        return Path(on_path)
    raise processes.StartError("anvil is missing: start through ./watt, which installs it, or set CHAIN_URL.")


def rpc(url: str, method: str, *params: Any) -> Any:
    """One JSON-RPC call; raises OSError when the chain does not answer, ValueError on its error."""
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=5) as answer:
        content = json.load(answer)
    if "error" in content:
        raise ValueError(f"{method}: {content['error'].get('message')}")
    return content["result"]


def _ends_well(file: Path) -> bool:
    """Whether a JSON object's last character is there: cheap, and enough where writing has ceased."""
    with file.open("rb") as content:
        content.seek(max(0, file.stat().st_size - 1))
        return content.read() == b"}"


def _is_whole(file: Path) -> bool:
    """Whether a file is there and holds JSON to its end."""
    try:
        json.loads(file.read_bytes())
    except (FileNotFoundError, ValueError):
        return False
    return True


class Anvil:
    """One chain on a free port. `genesis` (unix seconds) is the time of its first block.

    `kept_states` is how many blocks' states stay in memory. Without it anvil moves all but the newest to
    disk, as few as ten staying after a thousand blocks, and a rollback to one of those loses every contract's
    code: calls then succeed and do nothing. So a chain that is rolled back keeps them.
    """

    def __init__(
        self, *, state: Path, log: Path, genesis: int, port: int | None = None, kept_states: int | None = None
    ) -> None:
        self.state = state
        self.log = log
        self.genesis = genesis
        self.kept_states = kept_states
        self.port = port or processes.free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def kept(self) -> Path:
        """The last dump that was set aside."""
        return self.state.with_suffix(".kept.json")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def env(self) -> dict[str, str]:
        return {"CHAIN_URL": self.url, "CHAIN_FOLLOWS_CLOCK": "1"}

    def start(self) -> None:
        """Start it on its kept state and wait for it. Raises StartError."""
        self.state.parent.mkdir(parents=True, exist_ok=True)
        if self.kept.exists() and not _is_whole(self.state):
            shutil.copyfile(self.kept, self.state)
        options = ["--port", str(self.port), "--chain-id", str(CHAIN_ID), "--accounts", "0", "--silent"]
        options += [
            "--state",
            os.fspath(self.state),
            "--state-interval",
            "1",
            "--timestamp",
            str(self.genesis),
        ]
        options += ["--enable-tx-gas-limit", "--block-base-fee-per-gas", "0"]
        if self.kept_states:
            options += ["--prune-history", str(self.kept_states)]
        self.process = processes.spawn([binary(), *options], log=self.log)
        processes.wait_until(self._answers, what="The chain (anvil)", process=self.process, log=self.log)

    def keep_state(self) -> None:
        """Set a finished dump aside, to be called a few times a second.

        anvil overwrites its file in place once a second, so a kill can leave it cut short; the dump
        set aside is then what the next start goes on from.
        """
        try:
            finished = time.time() - self.state.stat().st_mtime > DUMPED
            if finished and _ends_well(self.state):
                os.replace(self.state, self.kept)
        except FileNotFoundError:
            return  # set aside already, and the next dump is to come

    def _answers(self) -> bool:
        try:
            return int(rpc(self.url, "eth_chainId"), 16) == CHAIN_ID
        except (OSError, urllib.error.URLError, ValueError):
            return False

    def stop(self) -> None:
        """TERM makes anvil write its state."""
        if self.process:
            processes.stop(self.process, sig=signal.SIGTERM)
