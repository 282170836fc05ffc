"""The log's own signing key (Ed25519): it signs checkpoints and receipts.

From `LOG_KEY` (64 hexadecimal digits), or from the file `log-key` in the data folder, which a
demonstration makes for itself.
"""

import hmac
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from grid.chain.files import create_private, is_private
from grid.domain import notes

DEFAULT_ORIGIN = "commonwatt.example/log"


@dataclass(frozen=True, slots=True)
class LogSigner:
    """The log's name and key. `seed` is secret."""

    origin: str
    seed: bytes
    public_key: bytes

    @property
    def verifier_key(self) -> str:
        return notes.verifier_key(self.origin, self.public_key)

    def sign(self, message: bytes) -> bytes:
        return Ed25519PrivateKey.from_private_bytes(self.seed).sign(message)

    def mac(self, message: bytes) -> bytes:
        """Return HMAC-SHA256 under a key made from the log's own: who holds only the database cannot make it."""
        return hmac.digest(hmac.digest(self.seed, b"commonwatt.rows.v1", "sha256"), message, "sha256")


def mac(message: bytes) -> bytes:
    """Return the log's mark of a message, as `LogSigner.mac`."""
    return signer().mac(message)


def signer() -> LogSigner:
    """Return the log's signer. Raises ImproperlyConfigured when there is no key, or a bad one."""
    return _signer(os.environ.get("LOG_KEY", ""), settings.DATA_DIR / "log-key")


@cache
def _signer(text: str, path: Path) -> LogSigner:
    seed = _parse(text, "LOG_KEY") if text else _from_file(path)
    public_key = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    return LogSigner(origin=os.environ.get("LOG_ORIGIN", DEFAULT_ORIGIN), seed=seed, public_key=public_key)


def _from_file(path: Path) -> bytes:
    if not path.exists():
        if not settings.DEMO:
            raise ImproperlyConfigured(
                f"The log has no signing key: set LOG_KEY to 64 hexadecimal digits, or write them to {path}."
            )
        create_private(path, os.urandom(32).hex() + "\n")
    if not is_private(path):
        raise ImproperlyConfigured(f"{path} may be read by others: chmod 600 {path}")
    return _parse(path.read_text().strip(), os.fspath(path))


def _parse(text: str, source: str) -> bytes:
    try:
        seed = bytes.fromhex(text)
    except ValueError:
        seed = b""
    if len(seed) != 32:
        raise ImproperlyConfigured(f"{source} does not hold 64 hexadecimal digits.")
    return seed
