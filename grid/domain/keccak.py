"""Keccak-256, as Ethereum uses it."""

from Crypto.Hash import keccak


def keccak256(data: bytes) -> bytes:
    """Return the 32-byte Keccak-256 hash of `data` (not SHA3-256, whose padding differs)."""
    digest: bytes = keccak.new(digest_bits=256, data=data).digest()
    return digest
