"""Signatures of members: made for demonstration wallets, checked for anyone (ERC-7913)."""

from coincurve import PrivateKey, PublicKey
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from grid.chain.client import connect
from grid.chain.errors import RpcError

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


def verify(signer: bytes, digest: bytes, signature: bytes) -> bool:
    """Say whether `signature` over a 32-byte digest is one of `signer`'s.

    A 20-byte signer is a wallet: its key's signature is checked here; failing that, the contract at
    the address is asked (ERC-1271). A longer one is verifier and key: the verifier contract is asked
    (ERC-7913). Raises ChainUnavailable when the chain has to be asked and does not answer.
    """
    if len(signer) < 20 or len(digest) != 32:
        return False
    if len(signer) == 20:
        if recover(digest, signature) == signer:
            return True
        types, values, magic = ["bytes32", "bytes"], [digest, signature], _selector("isValidSignature(bytes32,bytes)")
    else:
        types, values = ["bytes", "bytes32", "bytes"], [signer[20:], digest, signature]
        magic = _selector("verify(bytes,bytes32,bytes)")
    data = "0x" + (magic + encode(types, values)).hex()
    try:
        answer = connect().call("eth_call", {"to": "0x" + signer[:20].hex(), "data": data}, "latest")
    except RpcError:
        return False
    # An address without code answers nothing: only the magic value in a whole word counts.
    return bool(bytes.fromhex(answer[2:]) == magic.ljust(32, b"\x00"))


def _selector(signature: str) -> bytes:
    return keccak(text=signature)[:4]
