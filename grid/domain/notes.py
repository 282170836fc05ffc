"""Signed notes: how a checkpoint of the log is signed and checked.

Sources: C2SP signed-note and tlog-checkpoint, so that public witness and log tools read ours.
A note is a text, an empty line, and one signature line per signer:

    example.org/log
    1234
    <base64 of the root>

    — example.org/log <base64 of key id (4 bytes) || Ed25519 signature (64 bytes)>
"""

import base64
import binascii
from hashlib import sha256
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = b"\x01"
KEY_ID_SIZE = 4
_DASH = "— "


class NoteError(ValueError):
    """A note that is malformed, or not signed by the key it was checked against."""


class CheckpointBody(NamedTuple):
    """What a checkpoint says: the log's name, its size in entries, and its root."""

    origin: str
    size: int
    root: bytes


def key_id(name: str, public_key: bytes) -> bytes:
    """Return the 4-byte id of a key under a name: SHA-256(name || LF || 0x01 || key), cut."""
    return sha256(name.encode() + b"\n" + ED25519 + public_key).digest()[:KEY_ID_SIZE]


def verifier_key(name: str, public_key: bytes) -> str:
    """Return the text form of a verifier key: name+id+base64(0x01 || key)."""
    _check_name(name)
    return f"{name}+{key_id(name, public_key).hex()}+{base64.b64encode(ED25519 + public_key).decode()}"


def parse_verifier_key(text: str) -> tuple[str, bytes]:
    """Return name and public key of a verifier key. Raises NoteError when it is not one of Ed25519."""
    parts = text.split("+", 2)
    if len(parts) != 3:
        raise NoteError("verifier key is not name+id+key")
    name, ident, key = parts[0], parts[1], _base64(parts[2], "verifier key")
    _check_name(name)
    if len(key) != 33 or key[:1] != ED25519:
        raise NoteError("verifier key is not an Ed25519 key of 32 bytes")
    if ident != key_id(name, key[1:]).hex():
        raise NoteError("verifier key: its id does not belong to its name and key")
    return name, key[1:]


def checkpoint_body(origin: str, size: int, root: bytes) -> str:
    """Return the text that a checkpoint's signature covers, its last line break included."""
    if size < 0 or len(root) != 32:
        raise ValueError("a checkpoint has a size of at least 0 and a root of 32 bytes")
    _check_name(origin)
    return f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"


def parse_checkpoint(body: str) -> CheckpointBody:
    """Return what a checkpoint's text says. Raises NoteError for text no log writes."""
    lines = body.split("\n")
    if len(lines) < 4 or lines[-1] or not all(lines[:-1]):
        raise NoteError("checkpoint is not origin, size and root on a line each")
    origin, size, root = lines[0], lines[1], _base64(lines[2], "checkpoint root")
    if not (size.isascii() and size.isdigit()) or (size != "0" and size.startswith("0")):
        raise NoteError(f"checkpoint size {size!r} is not a decimal number")
    if len(root) != 32:
        raise NoteError(f"checkpoint root has {len(root)} bytes instead of 32")
    return CheckpointBody(origin, int(size), root)


def sign_note(body: str, *, name: str, private_key: bytes) -> str:
    """Return the note: the text, an empty line, one signature line. `private_key` is the 32-byte seed."""
    _check_name(name)
    _check_body(body)
    key = Ed25519PrivateKey.from_private_bytes(private_key)
    ident = key_id(name, key.public_key().public_bytes_raw())
    signature = base64.b64encode(ident + key.sign(body.encode())).decode()
    return f"{body}\n{_DASH}{name} {signature}\n"


def verify_note(note: str, *, name: str, public_key: bytes) -> str:
    """Return the text of a note that the key signed under the name.

    Signatures of other keys are passed over. Raises NoteError when the note is malformed, holds no
    signature of this key, or one that does not fit the text.
    """
    body, separator, signatures = note.rpartition("\n\n")
    body += "\n"
    if not separator or not signatures.endswith("\n"):
        raise NoteError("note has no signatures after an empty line")
    _check_body(body)
    own = key_id(name, public_key)
    for line in signatures[:-1].split("\n"):
        signer, blank, encoded = line.removeprefix(_DASH).partition(" ")
        if not line.startswith(_DASH) or not blank:
            raise NoteError(f"signature line {line!r} is malformed")
        signature = _base64(encoded, f"signature of {signer}")
        if signer == name and signature[:KEY_ID_SIZE] == own:
            _verify(public_key, signature[KEY_ID_SIZE:], body, name)
            return body
    raise NoteError(f"note holds no signature of {name} with key id {own.hex()}")


def _verify(public_key: bytes, signature: bytes, body: str, name: str) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, body.encode())
    except (InvalidSignature, ValueError):
        raise NoteError(f"signature of {name} does not fit the text") from None


def _base64(text: str, what: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise NoteError(f"{what} is not base64") from None


def _check_name(name: str) -> None:
    if not name or "+" in name or any(mark.isspace() for mark in name):
        raise NoteError(f"name {name!r} is empty, or has a space or a plus sign")


def _check_body(body: str) -> None:
    if not body.endswith("\n") or any(mark < " " and mark != "\n" for mark in body):
        raise NoteError("note text does not end with a line break, or holds control characters")
