"""EIP-1559 transactions as bytes: what is signed, what is sent, and what somebody else's bytes say."""

from dataclasses import dataclass
from typing import Any

import rlp  # type: ignore[import-untyped]
from coincurve import PrivateKey, PublicKey
from eth_utils.crypto import keccak

TYPE = b"\x02"


@dataclass(frozen=True, slots=True)
class Transaction:
    """A call to be signed. Fees are wei per gas; `to` is empty where a contract is created."""

    chain_id: int
    nonce: int
    priority_fee: int
    max_fee: int
    gas: int
    to: bytes
    data: bytes
    value: int = 0

    def _fields(self) -> list[Any]:
        fees = [self.priority_fee, self.max_fee, self.gas]
        return [self.chain_id, self.nonce, *fees, self.to, self.value, self.data, []]

    def digest(self) -> bytes:
        """Return the 32 bytes that are signed."""
        return keccak(TYPE + rlp.encode(self._fields()))

    def signed(self, parity: int, r: bytes, s: bytes) -> bytes:
        """Return the bytes to broadcast, with a signature of `digest`."""
        signature = [parity, int.from_bytes(r, "big"), int.from_bytes(s, "big")]
        return TYPE + bytes(rlp.encode([*self._fields(), *signature]))

    def sign(self, private_key: bytes) -> bytes:
        """Return the bytes to broadcast, signed with a key."""
        signature = PrivateKey(private_key).sign_recoverable(self.digest(), hasher=None)
        return self.signed(signature[64], signature[:32], signature[32:64])


def hash_of(raw: bytes) -> str:
    """Return the hash (0x, lower case) under which a signed transaction is known."""
    return "0x" + keccak(raw).hex()


def decode(raw: bytes) -> tuple[Transaction, bytes]:
    """Return a signed transaction and the 20-byte address that signed it. Raises ValueError."""
    if raw[:1] != TYPE:
        raise ValueError("not an EIP-1559 transaction")
    try:
        fields = rlp.decode(raw[1:])
        chain_id, nonce, tip, fee, gas, to, value, data, access, parity, r, s = fields
    except (rlp.exceptions.RLPException, ValueError, TypeError) as error:
        raise ValueError(f"not an EIP-1559 transaction: {error}") from None
    if access or not all(isinstance(item, bytes) for item in fields if item is not access):
        raise ValueError("a transaction with an access list, or of another form")
    found = Transaction(
        chain_id=_number(chain_id),
        nonce=_number(nonce),
        priority_fee=_number(tip),
        max_fee=_number(fee),
        gas=_number(gas),
        to=to,
        data=data,
        value=_number(value),
    )
    if len(r) > 32 or len(s) > 32 or parity not in (b"", b"\x01"):
        raise ValueError("a signature of another form")
    compact = r.rjust(32, b"\0") + s.rjust(32, b"\0") + (parity or b"\0")
    try:
        public = PublicKey.from_signature_and_message(compact, found.digest(), hasher=None)
    except Exception as error:  # coincurve raises a bare Exception for a point that is not on the curve
        raise ValueError(f"a signature that is none: {error}") from None
    return found, keccak(public.format(compressed=False)[1:])[-20:]


def _number(content: bytes) -> int:
    return int.from_bytes(content, "big")
