"""Gas of the operations that a community pays for, compared with gas_snapshot.json beside this file.

To accept new figures: CONTRACT_GAS_WRITE=1 contracts/scripts/run_tests.sh tests/integration/test_gas.py
"""

import json
import os
from functools import cache
from pathlib import Path

import pytest
import trees
from brownie import web3
from world import DAY, TOKEN, grow, moves, row

SNAPSHOT = Path(__file__).with_name("gas_snapshot.json")
# A signature's zero bytes are cheaper than others; where one is in the calldata, figures move by that much.
SIGNATURE_LEEWAY = 150
# EIP-7825: no transaction of a public chain may use more.
TRANSACTION_CAP = 16_777_216


@pytest.fixture(scope="module")
def measured():
    figures: dict[str, int] = {}
    yield figures
    if os.environ.get("CONTRACT_GAS_WRITE"):
        known = json.loads(SNAPSHOT.read_text()) if SNAPSHOT.exists() else {}
        SNAPSHOT.write_text(json.dumps({**known, **figures}, indent=1, sort_keys=True) + "\n")


def compare(measured, name: str, gas: int, leeway: int = 0) -> None:
    measured[name] = gas
    if not os.environ.get("CONTRACT_GAS_WRITE"):
        expected = json.loads(SNAPSHOT.read_text())[name]
        assert abs(gas - expected) <= leeway, f"{name}: {gas} gas, snapshot {expected}"


def floor(data: str) -> int:
    """EIP-7623: 21,000 and ten for each token of calldata, a zero byte being one, any other four."""
    raw = bytes.fromhex(data[2:])
    zeros = raw.count(0)
    return 21_000 + 10 * (zeros + 4 * (len(raw) - zeros))


def compare_with_floor(measured, name: str, tx, most: int) -> None:
    """The transaction's gas is at most `most`, and like the snapshot's; so is the floor of its calldata."""
    assert tx.gas_used <= most, f"{name}: {tx.gas_used} gas, at most {most} are allowed"
    compare(measured, name, tx.gas_used)
    compare(measured, f"{name}: floor of EIP-7623", floor(tx.input))


def send_all(world, calls: list[str]) -> None:
    """Relay many calls to the escrow without a receipt for each."""
    for data in calls:
        transaction = {
            "from": str(world.relayer),
            "to": str(world.escrow),
            "data": data,
            "gas": 500_000,
            "gasPrice": 0,
        }
        web3.eth.send_transaction(transaction)


@pytest.fixture
def street(world):
    """400 members with money in escrow; every second one has a mandate, and is a debtor of the measured run."""
    names = sorted((f"member {number}" for number in range(400)), key=lambda name: world[name].lower())
    escrow, first, last = world.escrow, world.today, world.today + 90
    mandates = [world.mandate(name, 20 * TOKEN, first, last) for name in names[::2]]
    send_all(world, [escrow.registerMandate.encode_input(*mandate) for mandate in mandates])
    # Everybody has been credited before, and the supplier, the fee and the dust account as well.
    world.fund("supplier", 9_000 * TOKEN)
    credits = dict.fromkeys(names, 5 * TOKEN)
    world.post({**credits, "fee": TOKEN, "dust": 5, "balancing": TOKEN})
    # And every debtor debited, by which an account comes to its zone.
    world.travel((first + 1) * DAY + 3_600)
    world.post({**dict.fromkeys(names[::2], -TOKEN), **dict.fromkeys(names[1::2], TOKEN)}, day=first)
    return names


def nets(names: list[str]) -> dict[str, int]:
    """Debtors and creditors in turn, around 1.2 tokens each, no two alike."""
    signs = {name: (-1 if i % 2 == 0 else 1) * (1_234_567 + 89 * i) for i, name in enumerate(names)}
    return {**signs, "fee": 3 * TOKEN + 21, "dust": 17, "balancing": 5_432}


def test_runs_among_known_accounts(world, street, measured):
    """100 and 400 accounts, and a correction; one test, since bringing the street up takes longer than measuring."""
    for later, (size, most) in enumerate(((100, 8_600), (400, 7_400)), start=1):
        # An hour later each day, so that the run of the day before is final and released, whatever second it came in.
        world.travel((world.today + later + 1) * DAY + (later + 1) * 3_600)
        tx = world.post(nets(street[:size]), day=world.today + later)
        assert sum(moved < 0 for moved in moves(tx).values()) == size // 2 + 1, "half the members, and the supplier"
        assert "ShortfallCarried" not in tx.events
        name = f"postRun, {size} accounts with balances, half of them debtors"
        compare_with_floor(measured, name, tx, size * most)

    first = nets(street[:100])
    second = {**first, street[0]: first[street[0]] + 500_000}
    tx = world.correct(second, first, day=world.today + 1)
    assert len(moves(tx)) == 2, "the member and the supplier"
    compare_with_floor(measured, "postCorrection, 1 of 100 accounts changed", tx, TRANSACTION_CAP)


def test_run_of_512_new_accounts_fits_one_transaction(world, measured):
    members = [row(f"0x{number * 0x9E3779B97F4A7C15F39CC0605CEDC834:040x}"[:42], 1_234_567) for number in range(1, 513)]
    members.sort()
    world.fund("supplier", 1_000 * TOKEN)
    system = [
        row(world["supplier"], -512 * 1_234_567),
        *[row(world[name], 0) for name in ("fee", "dust", "balancing")],
    ]
    rows = [*members, *system]
    tx = world.settlement.postRun(world.run(rows), rows, {"from": world.poster})
    compare_with_floor(measured, "postRun, 512 accounts, all new", tx, TRANSACTION_CAP)


def test_single_actions(world, measured):
    deposit = world.escrow.deposit(world["alice"], TOKEN, {"from": world.admin})
    compare(measured, "deposit to a known account", deposit.gas_used)
    world.token.transfer(world.mallory, 5 * TOKEN, {"from": world.admin})
    transfer = world.token.transfer(world.mallory, TOKEN, {"from": world.admin})
    compare(measured, "ERC-20 transfer, for comparison", transfer.gas_used)
    mandate = world.register("carol", TOKEN, world.today, world.today + 30)
    compare(measured, "registerMandate, first of an account", mandate.gas_used, SIGNATURE_LEEWAY)
    request = world.request("alice", TOKEN)
    compare(measured, "requestWithdrawal, first of an account", request.gas_used, SIGNATURE_LEEWAY)
    world.travel(world.time() + 2 * DAY)
    execute = world.escrow.executeWithdrawal(world["alice"], 0, {"from": world.relayer})
    compare(measured, "executeWithdrawal", execute.gas_used)


@cache
def uniform(size: int) -> bytes:
    """Root over that many equal leaves: only sizes matter, so a tree of millions takes a few dozen hashes."""
    if size == 1:
        return trees.leaf(b"7")
    k = 1 << (size - 1).bit_length() - 1
    return trees.node(uniform(k), uniform(size - k))


def uniform_consistency(old: int, new: int, whole: bool = True) -> list[bytes]:
    if old == new:
        return [] if whole else [uniform(new)]
    k = 1 << (new - 1).bit_length() - 1
    if old <= k:
        return [*uniform_consistency(old, k, whole), uniform(new - k)]
    return [*uniform_consistency(old - k, new - k, False), uniform(k)]


def test_anchor_at_ten_million_entries(world, project, measured):
    """Sizes with many ones in binary, for a proof near its longest."""
    sizes = [8_388_607, 9_999_999, 12_582_911]
    anchor = project.RecordAnchor.deploy(world.manager, {"from": world.admin})
    world.manager.setTargetFunctionRole(anchor, [anchor.anchor.signature], 2, {"from": world.admin})
    _, last = grow(anchor, None, sizes[0], uniform(sizes[0]), [], world)
    for size in sizes[1:]:
        proof = uniform_consistency(last[1], size)
        tx, last = grow(anchor, last, size, uniform(size), proof, world)
    compare_with_floor(measured, f"anchor at ten million entries, proof of {len(proof)} hashes", tx, 90_000)
