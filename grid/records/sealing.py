"""How personal data is encrypted: AES-256-GCM under a key per scope and month. Entries: `grid.records.blocks`.

Nonces are derived from what is sealed, so sealing twice gives the same bytes, and a rolled-back
transaction never leaves one nonce under two different plaintexts.
"""

import hmac
import os
import zlib
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from grid.domain.words import NONE, WORD
from grid.records.errors import LogDamaged

NONCE_SIZE = 12
_NONE_WORD = NONE.to_bytes(WORD, "big")
_NONE_MARK = bytes([WORD + 1])
_RAW, _DEFLATED, _WORDS = b"\x00", b"\x01", b"\x02"


@dataclass(frozen=True, slots=True)
class KeyHandle:
    """An opened log key: `key` salts leaves; what it encrypts with is derived from it."""

    id: int
    scope: UUID
    key: bytes = field(repr=False)
    cipher: AESGCM = field(repr=False, compare=False)

    @classmethod
    def of(cls, key_id: int, scope: UUID, key: bytes) -> "KeyHandle":
        return cls(id=key_id, scope=scope, key=key, cipher=AESGCM(hmac.digest(key, b"commonwatt.seal.v1", "sha256")))


def wrap(key: bytes, *, scope: UUID, period: date, created_at: datetime) -> bytes:
    """Return a log key encrypted under the data key of the settings, for one scope and month."""
    nonce = os.urandom(NONCE_SIZE)
    return nonce + AESGCM(settings.DATA_KEY).encrypt(nonce, key, _wrap_context(scope, period, created_at))


def unwrap(wrapped: bytes, *, scope: UUID, period: date, created_at: datetime) -> bytes:
    """Return the log key inside `wrapped`. Raises LogDamaged when the data key or the key's row is another."""
    try:
        return AESGCM(settings.DATA_KEY).decrypt(
            wrapped[:NONCE_SIZE], wrapped[NONCE_SIZE:], _wrap_context(scope, period, created_at)
        )
    except InvalidTag:
        raise LogDamaged(
            f"The log key of {scope} for {period:%Y-%m} does not open: "
            "DATA_KEY is not the one it was made under, or its row was changed."
        ) from None


def _wrap_context(scope: UUID, period: date, created_at: datetime) -> bytes:
    return scope.bytes + period.isoformat().encode() + created_at.astimezone(UTC).isoformat().encode()


def seal(key: KeyHandle, nonce_seed: bytes, plaintext: bytes) -> bytes:
    """Return `plaintext` encrypted. `nonce_seed` names what is sealed; opening needs the same one."""
    context = len(nonce_seed).to_bytes(4, "big") + nonce_seed
    nonce = hmac.digest(key.key, b"commonwatt.nonce.v1" + context + plaintext, "sha256")[:NONCE_SIZE]
    return nonce + key.cipher.encrypt(nonce, plaintext, nonce_seed)


def open_sealed(key: KeyHandle, nonce_seed: bytes, sealed: bytes) -> bytes:
    """Return what `seal` was given. Raises LogDamaged when a bit, the key or the seed differs."""
    try:
        return key.cipher.decrypt(sealed[:NONCE_SIZE], sealed[NONCE_SIZE:], nonce_seed)
    except InvalidTag:
        raise LogDamaged("Sealed data does not open: it was changed, or belongs elsewhere.") from None


def pack_document(document: bytes) -> bytes:
    """Return the document in its shortest of three forms, named by the first byte."""
    if len(document) % WORD == 0 and document:
        return _WORDS + pack_words(document)
    deflated = zlib.compress(document)
    return _DEFLATED + deflated if len(deflated) < len(document) else _RAW + document


def unpack_document(packed: bytes) -> bytes:
    """Return what `pack_document` was given."""
    form, body = packed[:1], packed[1:]
    if form == _WORDS:
        return unpack_words(body)
    return zlib.decompress(body) if form == _DEFLATED else body


def pack_words(words: bytes) -> bytes:
    """Return 32-byte words without their leading zeros, each after its length; NONE is one byte."""
    parts = []
    for start in range(0, len(words), WORD):
        word = words[start : start + WORD]
        if word == _NONE_WORD:
            parts.append(_NONE_MARK)
        else:
            short = word.lstrip(b"\x00")
            parts.append(len(short).to_bytes(1, "big") + short)
    return b"".join(parts)


def unpack_words(packed: bytes) -> bytes:
    """Return the words that `pack_words` was given."""
    words = []
    position = 0
    while position < len(packed):
        size = packed[position]
        position += 1
        if size > WORD:
            words.append(_NONE_WORD)
        else:
            words.append(packed[position : position + size].rjust(WORD, b"\x00"))
            position += size
    return b"".join(words)
