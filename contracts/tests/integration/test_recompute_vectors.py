"""The claims of tests/vectors/recompute.json, each run alone on a chain: the contract judges them as the model does."""

import json
import os
from pathlib import Path
from typing import Any

import brownie
import pytest
from brownie import accounts, web3
from conftest import CAP, build_world
from world import DAY, TOKEN, Person

VECTORS = json.loads((Path(__file__).parents[3] / "tests/vectors/recompute.json").read_text())
CASES = {run: [case for case in VECTORS["cases"] if case["run"] == run] for run in VECTORS["runs"]}
# All of them are judged in process every day (tests/evm); on a node with Brownie they take minutes.
EVERY = 1 if "CONTRACT_EXAMPLES" in os.environ else 8
RUNS = sorted(CASES, key=lambda run: VECTORS["runs"][run]["log"])[::EVERY]


def raw(value: Any) -> Any:
    """Hex as bytes, lists as they are."""
    if isinstance(value, str) and value.startswith("0x") and len(value) != 42:
        return bytes.fromhex(value[2:])
    return [raw(item) for item in value] if isinstance(value, list) else value


def snapshot() -> str:
    return web3.provider.make_request("evm_snapshot", [])["result"]


def back_to(point: str) -> str:
    """Roll the chain back, to be rolled back there again."""
    web3.provider.make_request("evm_revert", [point])
    # Brownie forgets the transactions that no longer are. Its compiled module, imported by name, is hashed as a source.
    brownie.network.state._notify_registry()
    return snapshot()


@pytest.fixture(scope="module")
def street(project):
    """A deployment on the terms of the vectors, with Alice and Bob under a cap."""
    noon = (VECTORS["day"] - 1) * DAY + DAY // 2
    web3.provider.make_request("evm_setNextBlockTimestamp", [noon])
    web3.provider.make_request("evm_mine", [])
    terms = VECTORS["terms"]
    before = snapshot()
    world = build_world(
        accounts,
        project,
        hold_time=terms["holdTime"],
        max_holds=terms["maxHolds"],
        gate_lead=terms["gateLead"],
        challenge_window=terms["challengeWindow"],
        fixed_sum=terms["fixedSum"],
    )
    for name in VECTORS["capped"]:
        world.fund(name, 500 * TOKEN)
        world.register(name, CAP, world.today - 10, world.today + 365)
    yield world
    web3.provider.make_request("evm_revert", [before])


@pytest.fixture(scope="module")
def logs(street):
    """Rolls the chain back to where a log's checkpoints are anchored; builds each log once."""
    start, built = snapshot(), {}

    def on(name: str) -> None:
        nonlocal start
        if name in built:
            built[name] = back_to(built[name])
            return
        built.clear()
        start = back_to(start)
        previous = street.checkpoints[0]
        for item in VECTORS["logs"][name]["checkpoints"][1:]:
            street.next_at(item["anchoredAt"])
            street.anchor.anchor(
                item["seq"], previous, item["size"], item["root"], item["consistency"], {"from": street.anchorer}
            )
            previous = (item["seq"], item["size"], item["anchoredAt"], item["root"])
        built[name] = snapshot()

    return on


@pytest.mark.parametrize("run", RUNS)
def test_the_contract_pays_or_refuses_as_the_model_does(street, logs, run):
    posted, wrong = VECTORS["runs"][run], []
    logs(posted["log"])
    street.next_at(VECTORS["postedAt"])
    street.settlement.postRun(raw(posted["input"]), raw(posted["rows"]), {"from": street.poster})
    point = snapshot()
    for case in CASES[run]:
        point = back_to(point)
        claimant = accounts.add(Person(case["account"]).key)
        before = street.escrow.bond()
        street.next_at(case["now"])
        function = getattr(street.recomputation, case["function"])
        claim = [case["address"], 0, 0, b""]
        found = None
        try:
            function(claim, *raw(case["arguments"]), {"from": claimant})
        except brownie.exceptions.VirtualMachineError as error:
            found = (error.revert_msg or str(error)).split(":")[0]
        paid = before - street.escrow.bond()
        if found != case["error"] or paid != int(case["payment"] or 0):
            wrong.append((case["case"], found, case["error"], paid, case["payment"]))
    assert not wrong
