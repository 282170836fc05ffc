"""Signatures of members: made for demonstration wallets, checked for anyone (ERC-7913)."""

from datetime import datetime

from coincurve import PrivateKey, PublicKey
from eth_utils.crypto import keccak

from grid.chain import queries
from grid.chain.errors import RpcError
from grid.domain.signers import address_text
from grid.domain.words import ADDRESS_SIZE

SIGNATURE_SIZE = 65
_HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0


def sign_digest(private_key: bytes, digest: bytes) -> bytes:
    """Return the 65-byte signature r || s || v (v is 27 or 28) of a 32-byte digest."""
    signature = PrivateKey(private_key).sign_recoverable(digest, hasher=None)
    return signature[:64] + bytes([27 + signature[64]])


def recover(digest: bytes, signature: bytes) -> bytes | None:
    """Return the address that signed, or None for what is no valid signature (high s included)."""
    if len(signature) != SIGNATURE_SIZE or signature[64] not in (27, 28):
        return None
    if int.from_bytes(signature[32:64], "big") > _HALF_ORDER:
        return None
    compact = signature[:64] + bytes([signature[64] - 27])
    try:
        public = PublicKey.from_signature_and_message(compact, digest, hasher=None)
    except Exception:  # coincurve raises a bare Exception for a point that is not on the curve
        return None
    return keccak(public.format(compressed=False)[1:])[-20:]


def verify(account: bytes, digest: bytes, signature: bytes, *, now: datetime) -> bool:
    """Say whether `signature` over a 32-byte digest binds an account (20-byte id), as the contracts will say it.

    Accounts decides: a wallet's own signature or ERC-1271, a key behind its verifier once it is enrolled, and after a
    change of signer the new one alone. The signature of a wallet that cannot have been replaced by `now` is checked
    here. Raises ChainUnavailable when the chain has to be asked and does not answer, ContractUnknown before
    the contracts are deployed.
    """
    if len(account) != ADDRESS_SIZE or len(digest) != 32:
        return False
    if recover(digest, signature) == account and not queries.signer_may_have_changed(account, now=now):
        return True
    try:
        return bool(queries.call("Accounts", "isValidSignature", address_text(account), digest, signature))
    except RpcError:
        return False
