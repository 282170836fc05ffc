"""Calls, answers, events and errors as bytes."""

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from grid.chain import contracts

MESSAGE = {
    "account": "0x" + "a1" * 20,
    "validFromDay": 20_000,
    "validToDay": 20_030,
    "capPerDay": 5_000_000,
    "termsHash": "0x" + "07" * 32,
    "nonce": 2**255,
    "deadline": 1_800_000_000,
}
MANDATE = "(address,uint32,uint32,uint256,bytes32,uint256,uint256)"


def test_a_struct_is_encoded_by_its_field_names() -> None:
    values = (MESSAGE["account"], 20_000, 20_030, 5_000_000, b"\x07" * 32, 2**255, 1_800_000_000)
    expected = keccak(text=f"registerMandate({MANDATE},bytes)")[:4] + encode([MANDATE, "bytes"], [values, b"sig"])
    escrow = contracts.contract("Escrow")

    shuffled = dict(sorted(MESSAGE.items()))
    assert escrow.calldata("registerMandate", [shuffled, "0x" + b"sig".hex()]) == expected
    assert escrow.calldata("registerMandate", [list(MESSAGE.values()), b"sig"]) == expected


def test_a_missing_field_is_refused() -> None:
    short = {name: value for name, value in MESSAGE.items() if name != "nonce"}
    with pytest.raises(ValueError, match=r"Escrow\.registerMandate: nonce is missing"):
        contracts.contract("Escrow").calldata("registerMandate", [short, "0x"])


def test_a_number_out_of_range_is_refused() -> None:
    with pytest.raises(ValueError, match=r"Escrow\.deposit"):
        contracts.contract("Escrow").calldata("deposit", ["0x" + "a1" * 20, -1])


def test_an_event_is_decoded_with_its_indexed_fields() -> None:
    topics = [keccak(text="CheckpointAnchored(uint64,uint64,bytes32)"), (3).to_bytes(32, "big")]
    event = contracts.contract("RecordAnchor").event(topics, encode(["uint64", "bytes32"], [600, b"\x09" * 32]))

    assert event == contracts.Event(
        "RecordAnchor", "CheckpointAnchored", {"seq": 3, "size": 600, "root": "0x" + "09" * 32}
    )


def test_an_unknown_event_is_passed_over() -> None:
    assert contracts.contract("RecordAnchor").event([b"\x00" * 32], b"") is None


def test_an_error_is_named_with_its_values() -> None:
    data = keccak(text="InsufficientBalance(address,uint256,uint256)")[:4]
    data += encode(["address", "uint256", "uint256"], ["0x" + "a1" * 20, 7, 5])

    assert contracts.reason("0x" + data.hex(), "reverted") == (
        f"InsufficientBalance(account=0x{'a1' * 20}, requested=7, free=5)"
    )


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (None, "reverted"),
        ("0x", "reverted"),
        ("0x12345678", "reverted [0x12345678]"),
        ("0x" + (keccak(text="Panic(uint256)")[:4] + encode(["uint256"], [0x11])).hex(), "Panic(code=17)"),
        ("0x" + (keccak(text="Error(string)")[:4] + encode(["string"], ["no"])).hex(), "Error(message=no)"),
    ],
)
def test_other_reverts_stay_readable(data: str | None, shown: str) -> None:
    assert contracts.reason(data, "reverted") == shown
