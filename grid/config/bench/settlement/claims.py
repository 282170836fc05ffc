"""What claims of tier 0 cost, on a log of ten million entries and a run of 401 points.

The claims are those of tests/vectors/recompute.json, which the contract and its Python model are held to as well.
"""

import json
from typing import Any

from grid.config.bench.settlement.chain import Chain, Cost
from grid.config.bench.settlement.people import TOKEN
from grid.config.runtime import ROOT

VECTORS = ROOT / "tests" / "vectors" / "recompute.json"
DEPTH = "deep"
NO_CHECKPOINT = [0, 0, 0, bytes(32)]


def world() -> dict[str, Any]:
    """The vectors: logs, runs and claims, and what their chain is built with."""
    found: dict[str, Any] = json.loads(VECTORS.read_text())
    return found


class Claims:
    """The deep log anchored, and one run after another posted, claimed against and taken back."""

    def __init__(self, chain: Chain, vectors: dict[str, Any]) -> None:
        from grid.chain import keys

        self.chain = chain
        self.vectors = vectors
        self.poster = keys.address("poster")
        self._anchor(keys.address("anchorer"))
        relayer = keys.address("relayer")
        for account in {case["address"] for case in self._cases()}:
            chain.send(relayer, "Escrow", "deposit", [account, TOKEN])

    def measure(self) -> dict[str, Cost]:
        """Cost of each paying claim by function and case, the account itself being the sender."""
        return {f"{case['function']}: {case['case']}": self._cost(case) for case in self._cases()}

    def _cases(self) -> list[dict[str, Any]]:
        runs = self.vectors["runs"]
        return [case for case in self.vectors["cases"] if not case["error"] and runs[case["run"]]["log"] == DEPTH]

    def _anchor(self, anchorer: str) -> None:
        previous: list[Any] = NO_CHECKPOINT
        for item in self.vectors["logs"][DEPTH]["checkpoints"]:
            self.chain.next_at(item["anchoredAt"])
            args = [item["seq"], previous, item["size"], item["root"], item["consistency"]]
            self.chain.send(anchorer, "RecordAnchor", "anchor", args)
            previous = [item["seq"], item["size"], item["anchoredAt"], item["root"]]

    def _cost(self, case: dict[str, Any]) -> Cost:
        snapshot = self.chain.client.call("evm_snapshot")
        run = self.vectors["runs"][case["run"]]
        self.chain.next_at(self.vectors["postedAt"])
        self.chain.send(self.poster, "Settlement", "postRun", [run["input"], run["rows"]])
        self.chain.next_at(case["now"])
        claim = [case["address"], 0, 0, "0x"]
        cost = self.chain.send(case["address"], "Recomputation", case["function"], [claim, *case["arguments"]])
        self.chain.client.call("evm_revert", snapshot)
        return cost
