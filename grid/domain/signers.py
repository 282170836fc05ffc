"""Who signs for an account: ERC-7913 signer bytes and the 20-byte id they have on chain."""

from grid.domain.keccak import keccak256
from grid.domain.words import ADDRESS_SIZE


def account_id(signer: bytes) -> bytes:
    """Return an account's 20-byte id: a wallet's address, or the last 20 bytes of keccak256(signer).

    An ERC-7913 signer is an address, then the key that the verifier at that address checks; without a
    key it is the address of a wallet (PROTOCOL §4). Raises ValueError for fewer than 20 bytes.
    """
    if len(signer) < ADDRESS_SIZE:
        raise ValueError(f"signer has {len(signer)} bytes; it begins with a 20-byte address")
    return signer if len(signer) == ADDRESS_SIZE else keccak256(signer)[-ADDRESS_SIZE:]


def address_text(address: bytes) -> str:
    """Return an address as it is stored and compared: 0x and 40 lower-case hex digits."""
    if len(address) != ADDRESS_SIZE:
        raise ValueError(f"address has {len(address)} bytes instead of 20")
    return "0x" + address.hex()


def address_bytes(text: str) -> bytes:
    """Return the 20 bytes of an address in hex, whatever its letter case. Raises ValueError."""
    if not text.startswith("0x") or len(text) != 2 + 2 * ADDRESS_SIZE:
        raise ValueError(f"{text!r} is not 0x and 40 hex digits")
    return bytes.fromhex(text[2:])
