"""Keys of the virtual street, all derived from one random seed file: meters' keys and members' wallets."""

import hmac
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import coincurve

from grid.domain.entries import Suite
from grid.domain.keccak import keccak256
from grid.domain.ocmf import public_key_bytes

# Scalars are taken modulo this, which is below the group order of both curves.
_SCALAR_LIMIT = 2**255


@dataclass(frozen=True)
class MeterIdentity:
    """A meter's serial number and signing key."""

    serial: str
    suite: Suite
    private_key: int

    @cached_property
    def public_key(self) -> bytes:
        """Compressed SEC 1 point, 33 bytes: what the platform registers."""
        return public_key_bytes(self.suite, self.private_key)


@dataclass(frozen=True)
class Wallet:
    """A member's key on the chain (demonstration only: real members bring a wallet or a passkey)."""

    private_key: bytes

    @cached_property
    def address(self) -> bytes:
        """The 20-byte address, which is also the account's signer."""
        point = coincurve.PrivateKey(self.private_key).public_key.format(compressed=False)
        return keccak256(point[1:])[-20:]

    def sign_digest(self, digest: bytes) -> bytes:
        """Return the 65-byte signature r, s, v (27 or 28) of a 32-byte EIP-712 digest."""
        signature = coincurve.PrivateKey(self.private_key).sign_recoverable(digest, hasher=None)
        return signature[:64] + bytes([27 + signature[64]])


class Identities:
    """Everything that is derived from one seed."""

    def __init__(self, seed: bytes) -> None:
        if len(seed) != 32:
            raise ValueError(f"the seed has {len(seed)} bytes instead of 32")
        self._seed = seed

    @classmethod
    def from_file(cls, path: Path) -> "Identities":
        """Read the seed from a file; the first time, make one that only its owner can read."""
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            pass
        else:
            with os.fdopen(descriptor, "w") as file:
                file.write(os.urandom(32).hex())
        try:
            return cls(bytes.fromhex(path.read_text().strip()))
        except ValueError as error:
            raise ValueError(f"{path}: not a seed of 64 hexadecimal digits ({error}); delete it to make one") from None

    @cached_property
    def number(self) -> int:
        """A seed for what is drawn at random in the street."""
        return int.from_bytes(self._derive("street")[:8], "big")

    def meter(self, name: str, index: int) -> MeterIdentity:
        """Return the identity of meter number `index`: even ones sign on P-256, odd ones on secp256k1."""
        serial = f"CW-{self._derive('serials')[:2].hex().upper()}-{name}"
        suite = Suite.P256 if index % 2 == 0 else Suite.SECP256K1
        return MeterIdentity(serial=serial, suite=suite, private_key=self._scalar(f"meter {serial}"))

    def wallet(self, name: str) -> Wallet:
        """Return the wallet of the member in home `name`."""
        return Wallet(self._scalar(f"wallet {name}").to_bytes(32, "big"))

    def _derive(self, purpose: str) -> bytes:
        return hmac.digest(self._seed, b"commonwatt.simulator " + purpose.encode(), "sha256")

    def _scalar(self, purpose: str) -> int:
        return int.from_bytes(self._derive(purpose), "big") % (_SCALAR_LIMIT - 1) + 1
