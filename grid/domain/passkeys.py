"""Passkeys as signers of accounts: the bytes that OpenZeppelin's ERC7913WebAuthnVerifier takes (PROTOCOL §4).

The challenge of the assertion is the EIP-712 digest. The contract checks challenge, type, presence and verification of
the user, and the P-256 signature; rpIdHash and origin are the server's to check, at registration and log-in.
"""

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from grid.domain.words import ADDRESS_SIZE, WORD

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Number of points of P-256."""

_POINT_SIZE = 64
_FIXED_FIELDS = 6


def signer_bytes(verifier: bytes, public_key: bytes) -> bytes:
    """Return the ERC-7913 signer of a passkey: the verifier's address, then the point's coordinates.

    `public_key` is the uncompressed point, with or without SEC 1's leading 4. Raises ValueError.
    """
    if len(verifier) != ADDRESS_SIZE:
        raise ValueError(f"verifier has {len(verifier)} bytes instead of 20")
    if len(public_key) == _POINT_SIZE + 1 and public_key[0] == 4:
        public_key = public_key[1:]
    if len(public_key) != _POINT_SIZE:
        raise ValueError(f"public key has {len(public_key)} bytes; a P-256 point has 64, or 65 with its 4")
    return verifier + public_key


def assertion_signature(*, authenticator_data: bytes, client_data: bytes, signature: bytes) -> bytes:
    """Return a browser's assertion as the verifier takes it.

    `client_data` is clientDataJSON as it was signed, `signature` is DER. Browsers give either s; the verifier takes
    the lower one, so that a signature has one form. Raises ValueError for what is no assertion of a passkey.
    """
    try:
        r, s = decode_dss_signature(signature)
    except ValueError:
        raise ValueError("the signature is not DER") from None
    if not (0 < r < ORDER and 0 < s < ORDER):
        raise ValueError("the signature's numbers are not of P-256")
    places = [client_data.find(name) for name in (b'"challenge":"', b'"type":"')]
    if min(places) < 0:
        raise ValueError("clientDataJSON has no challenge or no type")
    head = [r, min(s, ORDER - s), *places]
    data, text = _dynamic(authenticator_data), _dynamic(client_data)
    offset = WORD * _FIXED_FIELDS
    return b"".join(
        [*(value.to_bytes(WORD, "big") for value in (*head, offset, offset + len(data))), data, text],
    )


def _dynamic(data: bytes) -> bytes:
    """Bytes as the ABI lays them out: length, content, zeros up to a whole word."""
    return len(data).to_bytes(WORD, "big") + data + bytes(-len(data) % WORD)
