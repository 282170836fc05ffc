"""What members sign, written out once more on purpose: type strings of docs/PROTOCOL.md, hashing of EIP-712."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from coincurve import PrivateKey
from eth_utils.crypto import keccak

CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
TERMS = (
    "MandateTerms(uint64 buyCeiling,uint64 sellFloor,bool followSignal,uint64 maxBuyWhPerDay,uint64 maxSellWhPerDay)"
)
TYPES = {
    text[: text.index("(")]: text
    for text in (
        TERMS,
        "Mandate(address account,uint32 validFromDay,uint32 validToDay,uint256 capPerDay,MandateTerms terms,"
        "uint256 nonce,uint256 deadline)" + TERMS,
        "MandateEnd(address account,uint32 mandateIndex,uint32 endDay,uint256 nonce,uint256 deadline)",
        "Withdrawal(address account,address to,uint256 amount,uint256 nonce,uint256 deadline)",
        "WithdrawalCancel(address account,uint32 index,uint256 nonce,uint256 deadline)",
        "NonceCancel(address account,uint256 nonce,uint256 deadline)",
        "SignerChange(address account,bytes newSigner,uint256 nonce,uint256 deadline)",
        "SignerChangeCancel(address account,uint256 nonce,uint256 deadline)",
        "RecoverySetting(address account,bytes recovery,uint256 nonce,uint256 deadline)",
        "Recovery(address account,bytes newSigner,uint256 nonce,uint256 deadline)",
        "Delegation(address account,address delegate,uint64 until,uint256 nonce,uint256 deadline)",
        "Claim(address account,bytes32 runKey,uint16 sequence,bytes32 point,uint32 slot,uint8 ground,uint256 nonce,"
        "uint256 deadline)",
        "Demand(address account,bytes32 runKey,uint16 sequence,bytes32 point,uint128 slots,uint256 nonce,"
        "uint256 deadline)",
        "Contest(address account,bytes32 runKey,uint16 sequence,bytes32 point,uint32 slot,uint40 importWh,"
        "uint40 exportWh,bytes32 evidenceHash,bool signedBytes,uint256 nonce,uint256 deadline)",
        "Appeal(address account,uint256 caseId,uint256 nonce,uint256 deadline)",
        "UnpostedClaim(address account,bytes32 zone,uint32 day,uint256 nonce,uint256 deadline)",
        "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)",
    )
}
DEMO_TERMS = {
    "buyCeiling": 250_000,
    "sellFloor": 110_000,
    "followSignal": True,
    "maxBuyWhPerDay": 12_000,
    "maxSellWhPerDay": 8_000,
}


@dataclass(frozen=True)
class Person:
    """A key and the account it stands for."""

    name: str

    @cached_property
    def key(self) -> PrivateKey:
        return PrivateKey(keccak(text=f"test key of {self.name}"))

    @cached_property
    def address(self) -> str:
        return "0x" + keccak(self.key.public_key.format(compressed=False)[1:])[-20:].hex()

    def sign(self, digest: bytes) -> bytes:
        """65 bytes r || s || v."""
        signature = self.key.sign_recoverable(digest, hasher=None)
        return signature[:64] + bytes([27 + signature[64]])


def _word(kind: str, value: Any) -> bytes:
    if kind == "MandateTerms":
        return value if isinstance(value, bytes) else struct_hash(kind, value)
    if kind == "bytes":
        return keccak(value)
    if kind == "address":
        return bytes.fromhex(value[2:]).rjust(32, b"\x00")
    if kind == "bytes32":
        return bytes(value)
    return int(value).to_bytes(32, "big")


def struct_hash(kind: str, message: Mapping[str, Any]) -> bytes:
    """EIP-712 hashStruct; the terms of a mandate may be given as their hash."""
    text = TYPES[kind]
    members = [part.split(" ") for part in text[text.index("(") + 1 : text.index(")")].split(",")]
    assert [name for _, name in members] == list(message), f"{kind} has other members"
    return keccak(keccak(text=text) + b"".join(_word(of, message[name]) for of, name in members))


def malleated(signature: bytes) -> bytes:
    """The other valid point of the same signature: n - s with the parity flipped."""
    s = CURVE_ORDER - int.from_bytes(signature[32:64], "big")
    return signature[:32] + s.to_bytes(32, "big") + bytes([55 - signature[64]])


def compact(signature: bytes) -> bytes:
    """The 64-byte form of EIP-2098."""
    parity = (signature[64] - 27) << 255
    s = int.from_bytes(signature[32:64], "big") | parity
    return signature[:32] + s.to_bytes(32, "big")
