"""What members sign: EIP-712 typed data, its hashes, and its JSON for a wallet (PROTOCOL §4).

The contracts hash the same structs; tests/vectors/typed_data.json holds both to the same bytes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from grid.domain.keccak import keccak256
from grid.domain.words import address_word, bool_word, bytes32_word

NAME = "Commonwatt"
VERSION = "1"

OPEN_DAY = 2**32 - 1
"""`toDay` of a binding without an end."""

Message = Mapping[str, "int | bytes | bool | Message"]

TYPES: dict[str, tuple[tuple[str, str], ...]] = {
    "EIP712Domain": (
        ("string", "name"),
        ("string", "version"),
        ("uint256", "chainId"),
        ("address", "verifyingContract"),
    ),
    "MandateTerms": (
        ("uint64", "buyCeiling"),
        ("uint64", "sellFloor"),
        ("bool", "followSignal"),
        ("uint64", "maxBuyWhPerDay"),
        ("uint64", "maxSellWhPerDay"),
    ),
    "Mandate": (
        ("address", "account"),
        ("uint32", "validFromDay"),
        ("uint32", "validToDay"),
        ("uint256", "capPerDay"),
        ("MandateTerms", "terms"),
        ("uint256", "nonce"),
        ("uint256", "deadline"),
    ),
    "MandateEnd": (
        ("address", "account"),
        ("uint32", "mandateIndex"),
        ("uint32", "endDay"),
        ("uint256", "nonce"),
        ("uint256", "deadline"),
    ),
    "Withdrawal": (
        ("address", "account"),
        ("address", "to"),
        ("uint256", "amount"),
        ("uint256", "nonce"),
        ("uint256", "deadline"),
    ),
    "WithdrawalCancel": (
        ("address", "account"),
        ("uint32", "index"),
        ("uint256", "nonce"),
        ("uint256", "deadline"),
    ),
    "Binding": (
        ("address", "account"),
        ("bytes32", "point"),
        ("bytes32", "meterSerialHash"),
        ("bool", "reversed"),
        ("uint32", "multiplierNum"),
        ("uint32", "multiplierDen"),
        ("uint32", "fromDay"),
        ("uint32", "toDay"),
    ),
    "SignerChange": (
        ("address", "account"),
        ("bytes", "newSigner"),
        ("uint256", "nonce"),
        ("uint256", "deadline"),
    ),
    "SignerChangeCancel": (
        ("address", "account"),
        ("uint256", "nonce"),
        ("uint256", "deadline"),
    ),
    "RecoverySetting": (
        ("address", "account"),
        ("bytes", "recovery"),
        ("uint256", "nonce"),
        ("uint256", "deadline"),
    ),
    "Recovery": (
        ("address", "account"),
        ("bytes", "newSigner"),
        ("uint256", "nonce"),
        ("uint256", "deadline"),
    ),
    "Delegation": (
        ("address", "account"),
        ("address", "delegate"),
        ("uint64", "until"),
        ("uint256", "nonce"),
        ("uint256", "deadline"),
    ),
    "Claim": (
        ("address", "account"),
        ("bytes32", "runKey"),
        ("uint16", "sequence"),
        ("bytes32", "point"),
        ("uint32", "slot"),
        ("uint8", "ground"),
        ("uint256", "nonce"),
        ("uint256", "deadline"),
    ),
    "Demand": (
        ("address", "account"),
        ("bytes32", "runKey"),
        ("uint16", "sequence"),
        ("bytes32", "point"),
        ("uint128", "slots"),
        ("uint256", "nonce"),
        ("uint256", "deadline"),
    ),
    "Contest": (
        ("address", "account"),
        ("bytes32", "runKey"),
        ("uint16", "sequence"),
        ("bytes32", "point"),
        ("uint32", "slot"),
        ("uint40", "importWh"),
        ("uint40", "exportWh"),
        ("bytes32", "evidenceHash"),
        ("bool", "signedBytes"),
        ("uint256", "nonce"),
        ("uint256", "deadline"),
    ),
    "Appeal": (
        ("address", "account"),
        ("uint256", "caseId"),
        ("uint256", "nonce"),
        ("uint256", "deadline"),
    ),
    "UnpostedClaim": (
        ("address", "account"),
        ("bytes32", "zone"),
        ("uint32", "day"),
        ("uint256", "nonce"),
        ("uint256", "deadline"),
    ),
    "NonceCancel": (
        ("address", "account"),
        ("uint256", "nonce"),
        ("uint256", "deadline"),
    ),
}
"""The signed structs: (type, name) of each member, in order."""

SIGNED_FOR: dict[str, tuple[str, ...]] = {
    "Mandate": ("Escrow",),
    "MandateEnd": ("Escrow",),
    "Withdrawal": ("Escrow",),
    "WithdrawalCancel": ("Escrow",),
    "Binding": ("Escrow",),
    "SignerChange": ("Accounts",),
    "SignerChangeCancel": ("Accounts",),
    "RecoverySetting": ("Accounts",),
    "Recovery": ("Accounts",),
    "Delegation": ("Accounts",),
    "Claim": ("Recomputation",),
    "Demand": ("Disputes",),
    "Contest": ("Disputes",),
    "Appeal": ("Disputes",),
    "UnpostedClaim": ("Disputes",),
    "NonceCancel": ("Escrow", "Accounts", "Recomputation", "Disputes"),
}
"""The contract whose domain each struct is signed under; a nonce is one contract's, and voided there."""


@dataclass(frozen=True, slots=True)
class TypedDomain:
    """The chain and the contract (20 bytes) that a signature is good for."""

    chain_id: int
    verifying_contract: bytes


@cache
def encode_type(name: str) -> str:
    """Return a struct's EIP-712 type string, its nested structs after it."""
    members = TYPES[name]
    own = f"{name}({','.join(f'{kind} {member}' for kind, member in members)})"
    nested = sorted({kind for kind, _ in members if kind in TYPES})
    return own + "".join(encode_type(kind) for kind in nested)


@cache
def type_hash(name: str) -> bytes:
    """Return keccak256 of the type string."""
    return keccak256(encode_type(name).encode())


def struct_hash(name: str, message: Message) -> bytes:
    """Return hashStruct of a message: addresses, bytes32 and bytes as bytes, numbers as int.

    Raises ValueError that names the member: missing, unknown, of the wrong length or out of range.
    """
    members = TYPES[name]
    unknown = set(message) - {member for _, member in members}
    if unknown:
        raise ValueError(f"{name} has no member {', '.join(sorted(unknown))}")
    words = [type_hash(name)]
    for kind, member in members:
        if member not in message:
            raise ValueError(f"{name}.{member} is missing")
        try:
            words.append(_word(kind, message[member]))
        except ValueError as error:
            raise ValueError(f"{name}.{member}: {error}") from None
    return keccak256(b"".join(words))


def _word(kind: str, value: "int | bytes | bool | Message") -> bytes:
    if kind in TYPES:
        if not isinstance(value, Mapping):
            raise ValueError(f"{value!r} is not a {kind}")
        return struct_hash(kind, value)
    if isinstance(value, Mapping):
        raise ValueError(f"a struct is not a {kind}")
    if kind.startswith("uint"):
        bits = int(kind.removeprefix("uint"))
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**bits:
            raise ValueError(f"{value!r} is not a {kind}")
        return value.to_bytes(32, "big")
    return {"address": address_word, "bytes32": bytes32_word, "bool": bool_word, "bytes": _bytes_word}[kind](value)


def _bytes_word(value: "int | bytes | bool | None") -> bytes:
    """Bytes of any length stand in a struct by their keccak256."""
    if not isinstance(value, bytes):
        raise ValueError(f"{value!r} is not bytes")
    return keccak256(value)


def domain_separator(domain: TypedDomain) -> bytes:
    """Return the EIP-712 domain separator of Commonwatt, version 1, on this chain and contract."""
    words = [type_hash("EIP712Domain"), keccak256(NAME.encode()), keccak256(VERSION.encode())]
    words += [domain.chain_id.to_bytes(32, "big"), address_word(domain.verifying_contract)]
    return keccak256(b"".join(words))


def digest(domain: TypedDomain, name: str, message: Message) -> bytes:
    """Return the 32 bytes that are signed: keccak256(0x1901 || separator || hashStruct).

    Raises ValueError that names the member it cannot hash.
    """
    return keccak256(b"\x19\x01" + domain_separator(domain) + struct_hash(name, message))


def typed_data_json(domain: TypedDomain, name: str, message: Message) -> dict[str, object]:
    """Return the document for a wallet's `eth_signTypedData_v4`; integers as decimal strings.

    Raises ValueError that names a member which does not fit its type.
    """
    struct_hash(name, message)
    nested = [kind for kind, _ in TYPES[name] if kind in TYPES]
    return {
        "types": {
            kind: [{"name": member, "type": of} for of, member in TYPES[kind]]
            for kind in ("EIP712Domain", name, *nested)
        },
        "primaryType": name,
        "domain": {
            "name": NAME,
            "version": VERSION,
            "chainId": domain.chain_id,
            "verifyingContract": "0x" + domain.verifying_contract.hex(),
        },
        "message": _json(message),
    }


def _json(message: Message) -> dict[str, object]:
    shown: dict[str, object] = {}
    for member, value in message.items():
        if isinstance(value, Mapping):
            shown[member] = _json(value)
        elif isinstance(value, bytes):
            shown[member] = "0x" + value.hex()
        else:
            shown[member] = value if isinstance(value, bool) else str(value)
    return shown
