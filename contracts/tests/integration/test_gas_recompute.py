"""Gas of claims among 400 points and a log of ten million entries, compared with gas_snapshot.json beside this file.

Beside each stands the floor of EIP-7623: what the transaction costs for its calldata alone, whatever it does.
To accept new figures: CONTRACT_GAS_WRITE=1 contracts/scripts/run_tests.sh tests/integration/test_gas_recompute.py
"""

import pytest
from brownie import accounts
from eth_utils import keccak
from openings import (
    AUCTION_AT,
    BINDING_AT,
    HOLD_AT,
    INTERVAL_AT,
    NEXT_AT,
    POINT_ID,
    PRICE_AT,
    TARIFF_AT,
    Scenario,
    order_words,
)
from test_gas import compare, floor, measured  # noqa: F401

COSTLIEST, PLAIN = 230_000, 140_000
# Figures of a slot in a street of 400: all words that are usually not zero are not.
HEADER = {
    "boughtWh": 81_250, "soldWh": 81_250, "memberImportWh": 93_114, "memberExportWh": 85_391, "feederWh": 7_723,
    "feeAmount": 2_437_500_000, "residualAmount": 2_781_344_000, "buyNum": 1, "buyDen": 1, "sellNum": 1, "sellDen": 1,
}  # fmt: skip


@pytest.fixture
def street(world):
    """Builds a scenario in a street of 400 points and a log of ten million entries."""

    def build(**changes) -> Scenario:
        header = {**HEADER, **changes.pop("header", {})}
        meters = {"meterStart": keccak(text="serial"), "meterEnd": keccak(text="serial")}
        registers = {
            "importStart": 31_415_926, "importEnd": 31_415_926, "exportStart": 27_182_818, "exportEnd": 27_183_818,
            "modulus": 1_000_000_000, "readingStart": 5_000_001, "readingEnd": 5_000_019, **meters,
            **changes.pop("registers", {}),
        }  # fmt: skip
        hashes = {"meterSerialHash": keccak(text="serial"), "coSignatureHash": keccak(text="signature")}
        # The point's third line is one unit short, for a claim that comes before the measured one.
        lines = {2: {"amount": 1, "runningTotal": 0}, **changes.pop("lines", {})}
        return Scenario(
            world,
            lines=lines,
            size=10_000_000,
            base=5_000_000,
            points=400,
            header=header,
            registers=registers,
            binding={**hashes, **changes.pop("binding", {})},
            auction={"ordersRoot": keccak(text="orders"), **changes.pop("auction", {})},
            fill_count=300,
            fill_at=123,
            **changes,
        )

    return build


def wrong_line(**changes) -> dict:
    """A line with running total; its amount lacks something."""
    return {"amount": 123_456, "runningTotal": 234_567, "importWh": 0, "exportWh": 900, **changes}


CASES = {
    "arithmetic": lambda s: ("arithmetic", s.statement),
    "energy of the cited INTERVAL": lambda s: ("energy", s.statement, s.entry(INTERVAL_AT), []),
    "energy of a better INTERVAL, the cited one opened": lambda s: (
        "energy", s.statement, s.entry(NEXT_AT), [s.any_entry(INTERVAL_AT)],
    ),
    "energy of registers and BINDING": lambda s: (
        "energyOfBinding", s.statement, s.entry(INTERVAL_AT), s.entry(BINDING_AT), [s.opened_registers],
    ),
    "trade of a fill": lambda s: ("trade", s.statement, s.entry(AUCTION_AT), s.opened_fill, [], []),
    "trade of a slot whose HOLD is none": lambda s: (
        "trade", s.statement, s.entry(AUCTION_AT), s.opened_fill, [], [s.any_entry(HOLD_AT)],
    ),
    "trade of a slot that is one held too many": lambda s: (
        "trade", s.statement, s.entry(AUCTION_AT), s.opened_fill, [s.line_at(3), s.line_at(17)], [],
    ),
    "local price of the AUCTION": lambda s: ("localPrice", s.statement, s.entry(AUCTION_AT)),
    "prices of the TARIFF": lambda s: ("tariffPrices", s.statement, s.entry(TARIFF_AT), s.opened_tariff_slot, []),
    "limit of the mandate and the signal": lambda s: ("limit", s.statement, s.order, [s.entry(PRICE_AT)]),
    "AUCTION anchored late": lambda s: ("late", s.statement, s.world.checkpoints[0], s.checkpoint),
}  # fmt: skip


def scenario(name: str, street, world) -> Scenario:
    held = {"holdIndex": 5_000_000 + HOLD_AT, "soldWh": 0}
    if name == "energy of a better INTERVAL, the cited one opened":
        better = {
            "point": POINT_ID, "version": 2, "exportWh": 1_000, "supersedes": 5_000_011, "bindingIndex": 5_000_003,
            "registersCommitment": keccak(text="registers"),
        }  # fmt: skip
        better["slot"] = 96 * (world.today - 1) + 40
        return street(line=wrong_line(), interval={"exportWh": 900}, entries={NEXT_AT: ("INTERVAL", better)})
    if name == "trade of a fill":
        return street(line=wrong_line(soldWh=700))
    if name == "trade of a slot whose HOLD is none":
        return street(
            line=wrong_line(**held), entries={HOLD_AT: ("DECISION", {"decisionKind": 3, "contentHash": keccak(b"1")})}
        )
    if name == "trade of a slot that is one held too many":
        other = {
            "intervalIndex": 5_000_000, "orderHash": keccak(b"2"), "fillIndex": 1, "holdIndex": 5_000_000,
            "exportWh": 870, "amount": 87_000, "runningTotal": 187_000,
        }  # fmt: skip
        return street(line=wrong_line(**held), lines={3: dict(other), 17: dict(other)})
    if name == "local price of the AUCTION":
        return street(line=wrong_line(), header={"localPrice": 170_000})
    if name == "prices of the TARIFF":
        return street(line=wrong_line(), header={"exportPrice": 70_000})
    if name == "limit of the mandate and the signal":
        order_hash, order = order_words(world, "alice", 96 * (world.today - 1) + 40, limitPrice=170_000)
        built = street(
            line=wrong_line(), header={"localPrice": 120_000}, fill={"orderHash": order_hash},
            decision={"contentHash": keccak(b"3"), "value": 190_000, "inputLogSize": 4_999_999},
        )  # fmt: skip
        built.order = order
        return built
    if name == "AUCTION anchored late":
        return street(line=wrong_line(exportWh=0, amount=-96_000))
    return street(line=wrong_line())


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("first", [True, False])
def test_claim_of_the_account(world, street, measured, name, first):  # noqa: F811
    """Sent by the account itself, which the escrow knows; the log's proofs have 24 hashes, the points' nine.

    The day's first claim of an account makes its entry in the ledger of remedies, which further ones find.
    """
    built = scenario(name, street, world).post()
    assert len(built.point()[-1]) == 9
    assert len(built.entry(INTERVAL_AT)[-1]) == 24
    member = {"from": accounts.add(world.person("alice").key)}
    if not first:
        lines = [built.line_at(1), built.line_at(2)]
        world.recomputation.runningTotal(built.caller(), built.run, built.point(), lines, member)
    function, *evidence = CASES[name](built)
    tx = getattr(world.recomputation, function)(built.caller(), *evidence, member)
    assert tx.events["RemedyPaid"]["amount"] > 0
    print(f"\n{name}, {'first' if first else 'further'}: {tx.gas_used}, floor {floor(tx.input)}")
    assert tx.gas_used <= (PLAIN if name == "arithmetic" else COSTLIEST)
    compare(measured, f"claim, {name}{'' if first else ', not the first of its day'}", tx.gas_used)
    compare(measured, f"claim, {name}: floor of EIP-7623", floor(tx.input))
