"""ECDSA over SHA-256 of the payload, on P-256 (OCMF's default) or secp256k1."""

from functools import lru_cache

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from grid.domain.entries import Suite
from grid.domain.ocmf.errors import BadSignature
from grid.domain.ocmf.records import SUITES, Record

SUITE_NAMES: dict[Suite, str] = {suite: name for name, suite in SUITES.items()}
_CURVES: dict[Suite, ec.EllipticCurve] = {Suite.P256: ec.SECP256R1(), Suite.SECP256K1: ec.SECP256K1()}
# Deterministic nonces (RFC 6979): a device without good random numbers does not lose its key.
_SIGNING = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
_VERIFYING = ec.ECDSA(hashes.SHA256())


@lru_cache(maxsize=4096)
def _public_key(suite: Suite, point: bytes) -> ec.EllipticCurvePublicKey:
    return ec.EllipticCurvePublicKey.from_encoded_point(_CURVES[suite], point)


@lru_cache(maxsize=4096)
def _private_key(suite: Suite, scalar: int) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(scalar, _CURVES[suite])


def verify(record: Record, public_key: bytes) -> None:
    """Check a record's signature over its payload bytes by the meter's key (SEC 1 point).

    Raises BadSignature, also for a key that is no point of the record's curve.
    """
    try:
        key = _public_key(record.suite, public_key)
        key.verify(record.signature, record.payload, _VERIFYING)
    except (InvalidSignature, ValueError, UnsupportedAlgorithm):
        raise BadSignature(
            "SD",
            f"the signature does not fit the payload and the key of meter {record.meter_serial}",
            "Send the payload byte for byte as signed, with the key that is registered for the meter",
        ) from None


def sign(payload: bytes, *, suite: Suite, private_key: int) -> bytes:
    """Return the DER signature of a payload by a private scalar."""
    return _private_key(suite, private_key).sign(payload, _SIGNING)


def public_key_bytes(suite: Suite, private_key: int) -> bytes:
    """Return the compressed SEC 1 point (33 bytes) of a private scalar."""
    key = _private_key(suite, private_key).public_key()
    return key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
