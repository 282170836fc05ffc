"""A passkey of the tests: what an authenticator and a browser do when a page asks for an assertion."""

import json
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from hashlib import sha256

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

USER_PRESENT, USER_VERIFIED, BACKUP_ELIGIBLE, BACKED_UP = 0x01, 0x04, 0x08, 0x10


@dataclass(frozen=True)
class Assertion:
    """What `navigator.credentials.get` answers; the signature is DER."""

    authenticator_data: bytes
    client_data: bytes
    signature: bytes


class Passkey:
    """A P-256 key of one web site."""

    def __init__(self, number: int, site: str = "commonwatt.example") -> None:
        self.private_key = ec.derive_private_key(number, ec.SECP256R1())
        self.site = site

    @property
    def public_key(self) -> bytes:
        """The uncompressed point, 65 bytes."""
        encoding = (serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
        return self.private_key.public_key().public_bytes(*encoding)

    def get(
        self,
        challenge: bytes,
        *,
        flags: int = USER_PRESENT | USER_VERIFIED,
        kind: str = "webauthn.get",
        counter: int = 7,
    ) -> Assertion:
        """Sign a challenge as an authenticator does; flags and type are a well-behaved one's unless they are given."""
        text = urlsafe_b64encode(challenge).rstrip(b"=").decode()
        fields = {"type": kind, "challenge": text, "origin": f"https://{self.site}", "crossOrigin": False}
        client_data = json.dumps(fields, separators=(",", ":")).encode()
        data = sha256(self.site.encode()).digest() + bytes([flags]) + counter.to_bytes(4, "big")
        signature = self.private_key.sign(data + sha256(client_data).digest(), ec.ECDSA(hashes.SHA256()))
        return Assertion(data, client_data, signature)
