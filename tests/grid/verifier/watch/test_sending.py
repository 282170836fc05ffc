"""Claims as files and as transactions: signed as any Ethereum client signs, sent only where it makes sense."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from eth_abi import encode as reference
from eth_account import Account
from eth_account.typed_transactions import TypedTransaction
from hexbytes import HexBytes
from hypothesis import given
from hypothesis import strategies as st

from grid.domain.keccak import keccak256
from grid.verifier.chain_checks import Rpc
from grid.verifier.report import CheckFailed
from grid.verifier.watch import sending
from grid.verifier.watch.abi import encode, members
from grid.verifier.watch.claims import PreparedClaim
from tests.grid.verifier.test_command import selector, served

KEYS = st.integers(1, sending.ORDER - 1)
CONTRACTS = {"Recomputation": "0x" + "cc" * 20, "Settlement": "0x" + "bb" * 20}
CLAIM = PreparedClaim("untraded", b"\x01" * 20, b"\x02" * 32, 0, b"\x03" * 32, 1_920_040, 77, [])


@given(KEYS, st.binary(min_size=32, max_size=32))
def test_signatures_recover_to_their_key(key: int, digest: bytes) -> None:
    parity, r, s = sending.sign(key, digest)
    assert s <= sending.ORDER // 2
    recovered = Account._recover_hash(digest, vrs=(27 + parity, r, s))
    assert recovered.lower() == "0x" + sending.address_of(key).hex()


@given(KEYS, st.integers(0, 2**40), st.binary(max_size=300), st.integers(0, 2**64))
def test_a_transaction_is_read_by_another_client(key: int, nonce: int, data: bytes, fee: int) -> None:
    raw = sending.transaction(
        key, chain_id=31337, nonce=nonce, tip=1, fee=fee, gas=21_000, to=b"\x0f" * 20, data=data
    )  # fmt: skip
    assert Account.recover_transaction(raw).lower() == "0x" + sending.address_of(key).hex()
    fields = TypedTransaction.from_bytes(HexBytes(raw)).as_dict()
    read = (fields["chainId"], fields["nonce"], fields["maxFeePerGas"], fields["gas"], fields["value"])
    assert read == (31337, nonce, fee, 21_000, 0)
    assert (bytes(fields["to"]), bytes(fields["data"])) == (b"\x0f" * 20, data)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("(uint8,bytes32[],bytes)", (7, [b"\x01" * 32] * 3, b"abc")),
        ("((address,int96),(bytes32[2],uint64)[],bytes)", ((b"\x11" * 20, -5), [([b"\x02" * 32] * 2, 9)], b"")),
        ("((bytes32[])[],uint256)", ([([b"\x03" * 32],), ([],)], 2**256 - 1)),
        ("(bytes32[3],(bytes,(uint40,bytes32[])))", ([b"\x04" * 32] * 3, (b"x" * 33, (1, [])))),
    ],
)
def test_encoding_is_that_of_the_reference(kind: str, value: Any) -> None:
    assert encode(kind, value) == reference(members(kind), value)


@pytest.mark.parametrize(
    ("kind", "value"),
    [("uint8", 256), ("uint8", -1), ("int96", 2**95), ("bytes32", b""), ("address", b"\x00" * 32), ("bytes32[2]", []),
     ("(uint8)", [1, 2])],
)  # fmt: skip
def test_values_that_a_type_cannot_hold(kind: str, value: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        encode(kind, value)


class Node:
    """Answers what sending asks for; `delegate` and `settlement` are the contracts' words."""

    def __init__(self, *, delegate: int = 1, settlement: bytes = b"\xbb" * 20) -> None:
        self.sent: list[str] = []
        self._words = {
            selector("settlement()"): settlement.rjust(32, b"\0"),
            selector("accounts()"): b"\xdd".rjust(32, b"\0"),
            selector("isDelegate(address,address)"): delegate.to_bytes(32, "big"),
        }

    def answer(self, method: str, parameters: Any) -> Any:
        if method == "eth_call":
            return "0x" + self._words[parameters[0]["data"][2:10]].hex()
        if method == "eth_sendRawTransaction":
            self.sent += parameters
            return "0x" + keccak256(bytes.fromhex(parameters[0][2:])).hex()
        if method == "eth_getBlockByNumber":
            return {"baseFeePerGas": "0x3b9aca00"}
        return {"eth_estimateGas": "0x30d40", "eth_chainId": "0x7a69", "eth_getTransactionCount": "0x5"}[method]


@pytest.fixture(autouse=True)
def plain_data(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a claim opens is tested with the contract itself."""
    monkeypatch.setattr(PreparedClaim, "data", lambda self, **signed: b"\xab" * 40)


def test_a_delegate_sends_its_claim() -> None:
    node = Node()
    with served(node) as url:
        found = sending.send(CLAIM, rpc=Rpc(url), key=7, contracts=CONTRACTS)
    (raw,) = node.sent
    assert found == "0x" + keccak256(bytes.fromhex(raw[2:])).hex()
    assert Account.recover_transaction(raw).lower() == "0x" + sending.address_of(7).hex()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Node(delegate=0), "is not a delegate of"),
        (lambda: Node(settlement=b"\x01" * 20), "serves another Settlement"),
    ],
)
def test_what_would_be_sent_in_vain_is_not_sent(make: Callable[[], Node], said: str) -> None:
    node = make()
    with served(node) as url, pytest.raises(CheckFailed, match=said):
        sending.send(CLAIM, rpc=Rpc(url), key=7, contracts=CONTRACTS)
    assert node.sent == []


def test_a_claim_as_a_file_to_relay(tmp_path: Path) -> None:
    path = sending.write(CLAIM, CONTRACTS["Recomputation"], tmp_path / "claims")
    document = json.loads(path.read_text())
    assert document["to"] == CONTRACTS["Recomputation"]
    assert document["data"] == "0x" + "ab" * 40
    assert (document["ground"], document["slot"], document["pays"]) == (2, 1_920_040, 77)
    assert sending.write(CLAIM, CONTRACTS["Recomputation"], tmp_path / "claims") == path
