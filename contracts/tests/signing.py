"""EIP-712 messages as people sign them; the types are docs/PROTOCOL.md's, written out once more on purpose."""

from eth_abi import encode
from eth_account import Account
from eth_account.messages import _hash_eip191_message, encode_typed_data
from eth_utils import keccak

TERMS = [
    {"name": "buyCeiling", "type": "uint64"},
    {"name": "sellFloor", "type": "uint64"},
    {"name": "followSignal", "type": "bool"},
    {"name": "maxBuyWhPerDay", "type": "uint64"},
    {"name": "maxSellWhPerDay", "type": "uint64"},
]
TYPES = {
    "MandateTerms": TERMS,
    "Mandate": [
        {"name": "account", "type": "address"},
        {"name": "validFromDay", "type": "uint32"},
        {"name": "validToDay", "type": "uint32"},
        {"name": "capPerDay", "type": "uint256"},
        {"name": "terms", "type": "MandateTerms"},
        {"name": "nonce", "type": "uint256"},
        {"name": "deadline", "type": "uint256"},
    ],
    "MandateEnd": [
        {"name": "account", "type": "address"},
        {"name": "mandateIndex", "type": "uint32"},
        {"name": "endDay", "type": "uint32"},
        {"name": "nonce", "type": "uint256"},
        {"name": "deadline", "type": "uint256"},
    ],
    "Withdrawal": [
        {"name": "account", "type": "address"},
        {"name": "to", "type": "address"},
        {"name": "amount", "type": "uint256"},
        {"name": "nonce", "type": "uint256"},
        {"name": "deadline", "type": "uint256"},
    ],
    "WithdrawalCancel": [
        {"name": "account", "type": "address"},
        {"name": "index", "type": "uint32"},
        {"name": "nonce", "type": "uint256"},
        {"name": "deadline", "type": "uint256"},
    ],
    "SignerChange": [
        {"name": "account", "type": "address"},
        {"name": "newSigner", "type": "bytes"},
        {"name": "nonce", "type": "uint256"},
        {"name": "deadline", "type": "uint256"},
    ],
    "SignerChangeCancel": [
        {"name": "account", "type": "address"},
        {"name": "nonce", "type": "uint256"},
        {"name": "deadline", "type": "uint256"},
    ],
    "RecoverySetting": [
        {"name": "account", "type": "address"},
        {"name": "recovery", "type": "bytes"},
        {"name": "nonce", "type": "uint256"},
        {"name": "deadline", "type": "uint256"},
    ],
    "Recovery": [
        {"name": "account", "type": "address"},
        {"name": "newSigner", "type": "bytes"},
        {"name": "nonce", "type": "uint256"},
        {"name": "deadline", "type": "uint256"},
    ],
    "Delegation": [
        {"name": "account", "type": "address"},
        {"name": "delegate", "type": "address"},
        {"name": "until", "type": "uint64"},
        {"name": "nonce", "type": "uint256"},
        {"name": "deadline", "type": "uint256"},
    ],
    "NonceCancel": [
        {"name": "account", "type": "address"},
        {"name": "nonce", "type": "uint256"},
        {"name": "deadline", "type": "uint256"},
    ],
    "Claim": [
        {"name": "account", "type": "address"},
        {"name": "runKey", "type": "bytes32"},
        {"name": "sequence", "type": "uint16"},
        {"name": "point", "type": "bytes32"},
        {"name": "slot", "type": "uint32"},
        {"name": "ground", "type": "uint8"},
        {"name": "nonce", "type": "uint256"},
        {"name": "deadline", "type": "uint256"},
    ],
    "Demand": [
        {"name": "account", "type": "address"},
        {"name": "runKey", "type": "bytes32"},
        {"name": "sequence", "type": "uint16"},
        {"name": "point", "type": "bytes32"},
        {"name": "slots", "type": "uint128"},
        {"name": "nonce", "type": "uint256"},
        {"name": "deadline", "type": "uint256"},
    ],
    "Contest": [
        {"name": "account", "type": "address"},
        {"name": "runKey", "type": "bytes32"},
        {"name": "sequence", "type": "uint16"},
        {"name": "point", "type": "bytes32"},
        {"name": "slot", "type": "uint32"},
        {"name": "importWh", "type": "uint40"},
        {"name": "exportWh", "type": "uint40"},
        {"name": "evidenceHash", "type": "bytes32"},
        {"name": "signedBytes", "type": "bool"},
        {"name": "nonce", "type": "uint256"},
        {"name": "deadline", "type": "uint256"},
    ],
    "Appeal": [
        {"name": "account", "type": "address"},
        {"name": "caseId", "type": "uint256"},
        {"name": "nonce", "type": "uint256"},
        {"name": "deadline", "type": "uint256"},
    ],
    "UnpostedClaim": [
        {"name": "account", "type": "address"},
        {"name": "zone", "type": "bytes32"},
        {"name": "day", "type": "uint32"},
        {"name": "nonce", "type": "uint256"},
        {"name": "deadline", "type": "uint256"},
    ],
    "Permit": [
        {"name": "owner", "type": "address"},
        {"name": "spender", "type": "address"},
        {"name": "value", "type": "uint256"},
        {"name": "nonce", "type": "uint256"},
        {"name": "deadline", "type": "uint256"},
    ],
}
CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
DEMO_TERMS = {
    "buyCeiling": 250_000,
    "sellFloor": 110_000,
    "followSignal": True,
    "maxBuyWhPerDay": 12_000,
    "maxSellWhPerDay": 8_000,
}


def terms_hash(terms: dict) -> bytes:
    """EIP-712 struct hash of MandateTerms."""
    kind = "MandateTerms(" + ",".join(f"{field['type']} {field['name']}" for field in TERMS) + ")"
    types = ["bytes32"] + [field["type"] for field in TERMS]
    return keccak(encode(types, [keccak(text=kind)] + [terms[field["name"]] for field in TERMS]))


def digest(domain: dict, kind: str, message: dict) -> bytes:
    """The 32 bytes that are signed."""
    types = {kind: TYPES[kind]}
    if kind == "Mandate":
        types["MandateTerms"] = TERMS
    return _hash_eip191_message(encode_typed_data(domain, types, message))


def sign_digest(key: str, signed: bytes) -> bytes:
    """65 bytes r || s || v."""
    return bytes(Account.unsafe_sign_hash(signed, key).signature)


def sign(key: str, domain: dict, kind: str, message: dict) -> bytes:
    """65 bytes r || s || v."""
    return sign_digest(key, digest(domain, kind, message))


def malleated(signature: bytes) -> bytes:
    """The other valid point of the same signature: n - s with the parity flipped."""
    s = CURVE_ORDER - int.from_bytes(signature[32:64], "big")
    return signature[:32] + s.to_bytes(32, "big") + bytes([55 - signature[64]])


def compact(signature: bytes) -> bytes:
    """The 64-byte form of EIP-2098."""
    parity = (signature[64] - 27) << 255
    s = int.from_bytes(signature[32:64], "big") | parity
    return signature[:32] + s.to_bytes(32, "big")
