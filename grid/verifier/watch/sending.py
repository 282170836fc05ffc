"""Claims as files to relay, and as transactions of a delegate's own key.

The one crypto library is `cryptography`: a signature's recovery bit is found by computing its nonce's point again,
which needs no other. Keccak is that of `grid.domain`.
"""

import json
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from grid.domain.keccak import keccak256
from grid.domain.signers import address_bytes, address_text
from grid.domain.slots import date_of_day, day_of
from grid.verifier.chain_checks import Rpc
from grid.verifier.report import CheckFailed
from grid.verifier.watch.claims import GROUNDS, PreparedClaim

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
FORMAT = "commonwatt.claim.v1"
TIP_WEI = 10**9


def read_key(path: Path) -> int:
    """Return the private key in a file of 64 hex digits. Raises ValueError, OSError."""
    text = path.read_text().strip().removeprefix("0x")
    try:
        key = int.from_bytes(bytes.fromhex(text), "big") if len(text) == 64 else 0
    except ValueError:
        key = 0
    if not 0 < key < ORDER:
        raise ValueError(f"{path} does not hold a private key of 64 hex digits")
    return key


def address_of(key: int) -> bytes:
    """Return the address of a private key."""
    numbers = ec.derive_private_key(key, ec.SECP256K1()).public_key().public_numbers()
    return keccak256(numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big"))[12:]


def sign(key: int, digest: bytes) -> tuple[int, int, int]:
    """Return (parity, r, s) of a digest, s in the lower half."""
    private = ec.derive_private_key(key, ec.SECP256K1())
    r, s = decode_dss_signature(private.sign(digest, ec.ECDSA(Prehashed(SHA256()))))
    # s = (z + r key) / k, so the nonce k is known to who knows the key, and with it the point it stands for.
    nonce = (int.from_bytes(digest, "big") + r * key) * pow(s, -1, ORDER) % ORDER
    parity = ec.derive_private_key(nonce, ec.SECP256K1()).public_key().public_numbers().y & 1
    return (parity, r, s) if s <= ORDER // 2 else (parity ^ 1, r, ORDER - s)


def rlp(value: Any) -> bytes:
    """Return the RLP encoding of bytes, numbers and lists of them."""
    if isinstance(value, list):
        body = b"".join(map(rlp, value))
        return _length(len(body), 0xC0) + body
    data = value.to_bytes((value.bit_length() + 7) // 8, "big") if isinstance(value, int) else value
    if len(data) == 1 and data[0] < 0x80:
        return bytes(data)
    return _length(len(data), 0x80) + data


def _length(size: int, offset: int) -> bytes:
    if size < 56:
        return bytes([offset + size])
    digits = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([offset + 55 + len(digits)]) + digits


def transaction(key: int, *, chain_id: int, nonce: int, tip: int, fee: int, gas: int, to: bytes, data: bytes) -> bytes:
    """Return a signed EIP-1559 transaction without value."""
    fields: list[Any] = [chain_id, nonce, tip, fee, gas, to, 0, data, []]
    parity, r, s = sign(key, keccak256(b"\x02" + rlp(fields)))
    return b"\x02" + rlp([*fields, parity, r, s])


def document(claim: PreparedClaim, contract: str) -> dict[str, Any]:
    """Return a claim as a file: anyone who may act for the account sends `data` to `to`."""
    return {
        "format": FORMAT,
        "to": contract,
        "data": "0x" + claim.data().hex(),
        "function": claim.function,
        "ground": int(GROUNDS[claim.function]),
        "account": address_text(claim.account),
        "runKey": "0x" + claim.run_key.hex(),
        "sequence": claim.sequence,
        "point": "0x" + claim.point.hex(),
        "slot": claim.slot,
        "pays": claim.pays,
    }


def write(claim: PreparedClaim, contract: str, folder: Path) -> Path:
    """Write a claim's file and return its path; the same claim has the same name. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    day = str(date_of_day(day_of(claim.slot))) if claim.slot else "day"
    name = f"claim-{day}-{claim.run_key.hex()[:8]}-{claim.sequence}-{claim.point.hex()[-8:]}-{claim.slot}"
    path = folder / f"{name}-{claim.function}.json"
    path.write_text(json.dumps(document(claim, contract), indent=1))
    return path


def send(claim: PreparedClaim, *, rpc: Rpc, key: int, contracts: dict[str, str]) -> str:
    """Send a claim from the delegate's own key and return the transaction's hash.

    The contracts' addresses come from the platform, so the chain is asked whether they belong together. Raises
    CheckFailed: not a delegate, a contract of others, or the node's refusal with the contract's reason.
    """
    sender, contract = address_of(key), address_bytes(contracts["Recomputation"])
    (settlement,) = rpc.words(contract, "settlement()", count=1)
    if settlement[12:] != address_bytes(contracts["Settlement"]):
        raise CheckFailed(f"the contract of claims serves another Settlement, {address_text(settlement[12:])}")
    (accounts,) = rpc.words(contract, "accounts()", count=1)
    arguments = bytes(12) + claim.account, bytes(12) + sender
    (delegate,) = rpc.words(accounts[12:], "isDelegate(address,address)", *arguments, count=1)
    if sender != claim.account and not any(delegate):
        raise CheckFailed(f"{address_text(sender)} is not a delegate of {address_text(claim.account)}")
    data = claim.data()
    call = {"from": address_text(sender), "to": address_text(contract), "data": "0x" + data.hex()}
    gas = int(rpc.ask("eth_estimateGas", [call]), 16)
    block = rpc.ask("eth_getBlockByNumber", ["latest", False])
    raw = transaction(
        key,
        chain_id=rpc.chain_id(),
        nonce=int(rpc.ask("eth_getTransactionCount", [address_text(sender), "pending"]), 16),
        tip=TIP_WEI,
        fee=2 * int(block["baseFeePerGas"], 16) + TIP_WEI,
        gas=gas * 5 // 4,
        to=contract,
        data=data,
    )
    return str(rpc.ask("eth_sendRawTransaction", ["0x" + raw.hex()]))
