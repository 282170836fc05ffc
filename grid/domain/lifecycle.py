"""The life of a meter: its states, and what a device signs to be claimed or to change its key.

A device proves that it holds a key by signing a short text with it, in the suite and encoding (DER) that it
uses for its records. The texts begin with a name of their own, so that none can pose as a record or as the other.
"""

import secrets
from enum import StrEnum
from hashlib import sha256

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from grid.domain.entries import Suite
from grid.domain.ocmf import SUITE_NAMES

OVERLAP_RECORDS = 96
"""How many counters the old key stays good for beside a new one: records of a day that are still on their way."""
CODE_LENGTH = 12
CODE_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Without 0, O, 1 and I, which are mistaken for each other on a label. 60 bits."""

_CURVES: dict[Suite, ec.EllipticCurve] = {Suite.P256: ec.SECP256R1(), Suite.SECP256K1: ec.SECP256K1()}


class ApplicationState(StrEnum):
    """A meter that asks to be registered."""

    PENDING = "pending"
    APPROVED = "approved"
    REFUSED = "refused"


class ProposalState(StrEnum):
    """A binding that waits for the member."""

    OPEN = "open"
    SIGNED = "signed"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class MeterStatus(StrEnum):
    """A registered meter."""

    ACTIVE = "active"
    REVOKED = "revoked"
    REMOVED = "removed"
    DECOMMISSIONED = "decommissioned"


class Step(StrEnum):
    """What can happen to a registered meter."""

    ROTATE_KEY = "rotate_key"
    REPLACE_KEY = "replace_key"
    REVOKE = "revoke"
    REMOVE = "remove"
    INSTALL = "install"
    DECOMMISSION = "decommission"


STEPS: dict[tuple[MeterStatus, Step], MeterStatus] = {
    (MeterStatus.ACTIVE, Step.ROTATE_KEY): MeterStatus.ACTIVE,
    (MeterStatus.ACTIVE, Step.REPLACE_KEY): MeterStatus.ACTIVE,
    (MeterStatus.ACTIVE, Step.REVOKE): MeterStatus.REVOKED,
    (MeterStatus.ACTIVE, Step.REMOVE): MeterStatus.REMOVED,
    (MeterStatus.ACTIVE, Step.INSTALL): MeterStatus.ACTIVE,
    (MeterStatus.ACTIVE, Step.DECOMMISSION): MeterStatus.DECOMMISSIONED,
    (MeterStatus.REVOKED, Step.REPLACE_KEY): MeterStatus.ACTIVE,
    (MeterStatus.REVOKED, Step.REMOVE): MeterStatus.REVOKED,
    (MeterStatus.REVOKED, Step.DECOMMISSION): MeterStatus.DECOMMISSIONED,
    (MeterStatus.REMOVED, Step.INSTALL): MeterStatus.ACTIVE,
    (MeterStatus.REMOVED, Step.REVOKE): MeterStatus.REVOKED,
    (MeterStatus.REMOVED, Step.DECOMMISSION): MeterStatus.DECOMMISSIONED,
}
"""From a state by a step to the next. What is not here cannot happen; nothing leaves DECOMMISSIONED."""


class StepRefused(ValueError):
    """The meter's state does not allow the step."""


def after(state: str, step: Step) -> MeterStatus:
    """Return the state after a step. Raises StepRefused."""
    found = STEPS.get((MeterStatus(state), step))
    if found is None:
        raise StepRefused(f"A meter that is {state} takes no step {step.value}.")
    return found


def new_code() -> str:
    """Return a fresh claim code in three groups of four, from the system's random numbers."""
    letters = "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))
    return "-".join(letters[at : at + 4] for at in range(0, CODE_LENGTH, 4))


def plain_code(code: str) -> str:
    """Return a code as typed without what people add: spaces, dashes, small letters."""
    return "".join(letter for letter in code.upper() if letter in CODE_ALPHABET)


def code_hash(code: str) -> bytes:
    """Return what is kept of a code. 60 random bits need no slow hash for a code of an hour that is rate-limited."""
    return sha256(b"commonwatt.claim-code.v1\n" + plain_code(code).encode()).digest()


def claim_text(*, code: str, serial: str, suite: Suite, public_key: bytes) -> bytes:
    """Return what a device signs to be claimed, with the key it will sign records with."""
    lines = ["commonwatt.claim.v1", plain_code(code), serial, SUITE_NAMES[suite], public_key.hex()]
    return "\n".join(lines).encode()


def rotation_text(*, serial: str, suite: Suite, public_key: bytes, from_counter: int) -> bytes:
    """Return what the old key and the new key both sign to let the new one follow from a counter on."""
    lines = ["commonwatt.key.v1", serial, SUITE_NAMES[suite], public_key.hex(), str(from_counter)]
    return "\n".join(lines).encode()


def is_key(suite: Suite, public_key: bytes) -> bool:
    """Say whether bytes are a compressed point of the suite's curve."""
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(_CURVES[suite], public_key)
    except ValueError:
        return False
    return len(public_key) == 33


def signed(*, suite: Suite, public_key: bytes, text: bytes, signature: bytes) -> bool:
    """Say whether a DER signature over a text is the key's."""
    try:
        key = ec.EllipticCurvePublicKey.from_encoded_point(_CURVES[suite], public_key)
        key.verify(signature, text, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError, UnsupportedAlgorithm):
        return False
    return True
