"""What the bench times of this package: posting a large run, and reading many events back.

`flood` is for a development chain only: it lets Escrow's address emit events for a moment.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from eth_utils.crypto import keccak

from grid.chain import contracts, devchain, keys
from grid.chain.abi import Abi
from grid.chain.client import Client
from grid.chain.errors import ChainUnavailable
from grid.chain.fees import Offer, offer
from grid.chain.services import indexer
from grid.chain.transactions import Transaction

EVENTS_PER_TRANSACTION = 2_500
_KEY = keccak(b"commonwatt.measure")
_MINED_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Posted:
    """Seconds of one core for a run: its arguments to bytes and a signature, then the node's answer to it."""

    encode_and_sign: float
    send: float
    calldata_bytes: int

    @property
    def total(self) -> float:
        return self.encode_and_sign + self.send


def run_arguments(accounts: int) -> list[Any]:
    """Return arguments of `Settlement.postRun` as the outbox stores them: a full row for each account, no zero byte."""
    (signature,) = contracts.contract("Settlement").functions["postRun"]
    return [_sample(part, accounts) for part in signature.inputs]


def post_run(client: Client, *, accounts: int) -> Posted:
    """Encode, sign and send a run of so many accounts by a key of our own, on a development chain.

    The contract refuses it in its block, which costs the sender nothing that is measured here.
    """
    args, address = run_arguments(accounts), "0x" + keys.address_of(_KEY).hex()
    devchain.fund(client, [address])
    nonce, fees, chain_id = client.transaction_count_at(address, "pending"), offer(client), client.chain_id
    to = bytes.fromhex(contracts.address_of("Settlement", chain_id)[2:])
    contract = contracts.contract("Settlement")
    began = time.perf_counter()
    data = contract.calldata("postRun", args)
    raw = _transaction(chain_id, nonce, fees, to, data).sign(_KEY)
    signed = time.perf_counter()
    client.call("eth_sendRawTransaction", "0x" + raw.hex())
    return Posted(signed - began, time.perf_counter() - signed, len(data))


def flood(client: Client, *, events: int) -> None:
    """Let Escrow emit so many `Deposited` events, on a development chain; its code is as before afterwards.

    Raises ChainUnavailable when the chain does not mine them.
    """
    escrow = contracts.address_of("Escrow", client.chain_id)
    code, address = client.code(escrow), "0x" + keys.address_of(_KEY).hex()
    devchain.fund(client, [address])
    nonce, fees = client.transaction_count_at(address, "pending"), offer(client)
    client.call("anvil_setCode", escrow, "0x" + _emitter("Escrow", "Deposited").hex())
    try:
        left, hashes = events, []
        while left:
            count = min(left, EVENTS_PER_TRANSACTION)
            data = count.to_bytes(32, "big")
            raw = _transaction(client.chain_id, nonce, fees, bytes.fromhex(escrow[2:]), data).sign(_KEY)
            hashes.append(client.call("eth_sendRawTransaction", "0x" + raw.hex()))
            nonce, left = nonce + 1, left - count
        _wait_for(client, hashes)
    finally:
        client.call("anvil_setCode", escrow, "0x" + code.hex())


def index_all(*, now: datetime) -> tuple[int, float]:
    """Index what is new on the chain; return how many events, and in how many seconds."""
    began = time.perf_counter()
    return indexer.index(now=now), time.perf_counter() - began


def _transaction(chain_id: int, nonce: int, fees: Offer, to: bytes, data: bytes) -> Transaction:
    return Transaction(chain_id, nonce, fees.priority_fee, fees.max_fee, 16_000_000, to, data)


def _wait_for(client: Client, hashes: list[str]) -> None:
    """Wait until all are in blocks that are there to be read: a sender's count rises before that."""
    until = time.monotonic() + _MINED_SECONDS
    while not all(_is_readable(client, receipt) for receipt in client.receipts(hashes)):
        if time.monotonic() > until:
            raise ChainUnavailable(f"The development chain has not mined {len(hashes)} transactions.")
        time.sleep(0.01)


def _is_readable(client: Client, receipt: dict[str, Any] | None) -> bool:
    return receipt is not None and client.head().number >= int(receipt["blockNumber"], 16)


def _sample(parameter: Abi, length: int) -> Any:
    """Return a value of a type with no zero byte in it, lists as long as asked."""
    kind = str(parameter["type"])
    if kind.endswith("[]"):
        return [_sample({**parameter, "type": kind[:-2]}, length)] * length
    if kind.endswith("]"):
        start = kind.rindex("[")
        return [_sample({**parameter, "type": kind[:start]}, length)] * int(kind[start + 1 : -1])
    if kind == "tuple":
        return {part["name"]: _sample(part, length) for part in parameter["components"]}
    if kind == "bool":
        return True
    if kind.startswith(("uint", "int")):
        bits = int(kind.removeprefix("u").removeprefix("int") or 256)
        return int.from_bytes(b"\x11" * (bits // 8), "big")
    size = 20 if kind == "address" else int(kind.removeprefix("bytes") or 64)
    return "0x" + "a7" * size


def _emitter(contract: str, name: str) -> bytes:
    """Return EVM code that emits an event as often as the first word of its input says.

    Every value of an event is the number of the round, counting down: an unsigned integer or an address.
    """
    signature = next(event for event in contracts.contract(contract).events.values() if event.name == name)
    inputs: Sequence[Mapping[str, Any]] = signature.inputs
    indexed = sum(1 for part in inputs if part.get("indexed"))
    words = len(inputs) - indexed
    loop, body = 2, bytearray()
    for word in range(words):
        body += bytes([0x80, 0x61]) + (32 * word).to_bytes(2, "big") + b"\x52"  # DUP1 PUSH2 MSTORE
    for pushed in range(indexed):
        body += bytes([0x80 + pushed])  # DUP the number from below the topics
    body += b"\x7f" + signature.hash + b"\x61" + (32 * words).to_bytes(2, "big") + b"\x5f"  # topic, size, offset
    body += bytes([0xA1 + indexed])  # LOG
    body += b"\x60\x01\x90\x03" + b"\x61" + loop.to_bytes(2, "big") + b"\x56"  # n - 1, again
    end = loop + 7 + len(body)
    test = b"\x5b\x80\x15\x61" + end.to_bytes(2, "big") + b"\x57"  # leave at zero
    return b"\x5f\x35" + test + bytes(body) + b"\x5b\x00"
