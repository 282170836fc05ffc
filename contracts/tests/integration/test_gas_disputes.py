"""Gas of a demand, an answer, a contest and a default, in a street of 400 points and a log of ten million entries.

Beside each stands the floor of EIP-7623, as in test_gas_recompute.py.
To accept new figures: CONTRACT_GAS_WRITE=1 contracts/scripts/run_tests.sh tests/integration/test_gas_disputes.py
"""

import pytest
from brownie import accounts
from casework import METER_DATA, NO_BINDING, NO_LEAF, RESPONSE
from openings import BINDING_AT, INTERVAL_AT, POINT_ID, Scenario
from test_gas import SIGNATURE_LEEWAY, compare, measured  # noqa: F401
from test_gas_recompute import floor, street  # noqa: F401
from world import TOKEN

EVIDENCE = b"\x11" * 32


@pytest.fixture
def posted(world, street) -> Scenario:  # noqa: F811
    """Alice's day, on which she owes 40, in a chunk of 16 rows."""
    neighbours = {f"neighbour {number}": 1 + number for number in range(11)}
    return street(nets={**neighbours, "alice": -40 * TOKEN}).post()


def record(measured, name: str, call, *args) -> None:  # noqa: F811
    tx = call(*args, {"from": accounts[4]})
    compare(measured, name, tx.gas_used, SIGNATURE_LEEWAY)
    compare(measured, f"{name}, EIP-7623 floor", floor(tx.input), SIGNATURE_LEEWAY)


def signed(world, posted: Scenario, kind: str, **members) -> tuple:
    nonce, deadline = world.fresh()
    message = {"account": world["alice"], "runKey": posted.run_key, "sequence": 0, "point": POINT_ID, **members}
    domain = {**world.domain, "verifyingContract": world.disputes.address}
    signature = world.sign("alice", kind, {**message, "nonce": nonce, "deadline": deadline}, domain)
    return world["alice"], nonce, deadline, signature


def demand(world, posted: Scenario) -> list:
    claim = signed(world, posted, "Demand", slots=posted.slot, point=bytes(32))
    return [claim, posted.run, bytes(32), posted.slot, (posted.row_proof(0), NO_LEAF, NO_BINDING)]


def test_demand(world, measured, posted):  # noqa: F811
    record(measured, "demand by row, relayed", world.disputes.demand, *demand(world, posted))


def test_open(world, measured, posted):  # noqa: F811
    world.disputes.demand(*demand(world, posted), {"from": world.relayer})
    interval, binding = posted.entry(INTERVAL_AT), posted.entry(BINDING_AT)
    opening = (posted.point(), posted.line_at(), posted.opened_header, interval, posted.opened_registers, binding)
    record(measured, "open, the last slot of a demand", world.disputes.open, 1, posted.run, 0, opening)


def test_default(world, measured, posted):  # noqa: F811
    world.disputes.demand(*demand(world, posted), {"from": world.relayer})
    world.travel(world.time() + RESPONSE)
    record(measured, "close, a default", world.disputes.close, 1)


def contest(world, posted: Scenario) -> list:
    finding = (0, 1_500, EVIDENCE, True)
    members = dict(zip(("importWh", "exportWh", "evidenceHash", "signedBytes"), finding, strict=True))
    claim = signed(world, posted, "Contest", slot=posted.slot, **members)
    return [claim, posted.statement, finding]


def test_contest(world, measured, posted):  # noqa: F811
    record(measured, "contest, relayed", world.disputes.contest, *contest(world, posted))


def test_upheld_by_silence(world, measured, posted):  # noqa: F811
    world.disputes.contest(*contest(world, posted), {"from": world.relayer})
    world.travel(world.time() + METER_DATA)
    free = world.free("alice")
    record(measured, "close, a contest upheld", world.disputes.close, 1)
    assert world.free("alice") == free + 40_000
