"""Receipts of the log: what a submitter holds from the moment its entry is accepted until it is anchored.

The log signs blocks: neighbouring entries that were appended together. A receipt is a block's signed
promise and the path from one entry to the block's root (RFC 6962, as in `grid.domain.merkle`), so that a
thousand entries cost few signatures, and each of them is promised all the same:

    {"log": ..., "first": 512, "size": 96, "root": ..., "received_at": ..., "anchor_by": ..., "signature": ...,
     "index": 530, "leaf_hash": ..., "path": [...]}

Times are unix seconds, hashes and signature lower-case hexadecimal. The Ed25519 signature covers
"commonwatt.receipt.v1", a line break, and log, first, size, root, received_at and anchor_by as JSON with
sorted names and no spaces.
"""

import json
from collections.abc import Mapping
from typing import Any, TypedDict, cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from grid.domain import merkle

CONTEXT = b"commonwatt.receipt.v1\n"
_SIGNED = ("log", "first", "size", "root", "received_at", "anchor_by")


class Receipt(TypedDict):
    """A signed promise: this leaf is in the log at this index, and on chain at latest by then."""

    log: str
    """The log's name."""
    first: int
    """Index of the first entry of the block."""
    size: int
    """Entries in the block."""
    root: str
    """Root over the leaf hashes of the block."""
    received_at: int
    anchor_by: int
    signature: str
    index: int
    leaf_hash: str
    path: list[str]
    """Audit path of the leaf within the block, lowest sibling first."""


class ReceiptError(ValueError):
    """A receipt that is malformed, signed by another key, or not of this entry; the message says which."""


def signed_bytes(*, log: str, first: int, size: int, root: str, received_at: int, anchor_by: int) -> bytes:
    """Return the bytes that a receipt's signature covers."""
    members = (log, first, size, root, received_at, anchor_by)
    return (
        CONTEXT + json.dumps(dict(zip(_SIGNED, members, strict=True)), sort_keys=True, separators=(",", ":")).encode()
    )


def verify(
    receipt: Mapping[str, Any], *, public_key: bytes, log: str | None = None, leaf_hash: bytes | None = None
) -> Receipt:
    """Return the receipt when the log's key signed its block and its leaf is in the block.

    `log` and `leaf_hash` are what the holder knows already: the log's name, and the hash of the entry the
    receipt should be of. Raises ReceiptError that says what does not hold.
    """
    checked = _parse(receipt)
    if log is not None and checked["log"] != log:
        raise ReceiptError(f"the receipt is of log {checked['log']!r}, not {log!r}")
    if leaf_hash is not None and checked["leaf_hash"] != leaf_hash.hex():
        raise ReceiptError("the receipt is of another entry: its leaf hash differs")
    message = signed_bytes(**{name: checked[name] for name in _SIGNED})  # type: ignore[literal-required]
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(bytes.fromhex(checked["signature"]), message)
    except (InvalidSignature, ValueError):
        raise ReceiptError("the receipt's signature does not fit its block") from None
    path = [bytes.fromhex(item) for item in checked["path"]]
    leaf, root = bytes.fromhex(checked["leaf_hash"]), bytes.fromhex(checked["root"])
    try:
        merkle.verify_inclusion(leaf, checked["index"] - checked["first"], checked["size"], path, root)
    except merkle.ProofError as error:
        raise ReceiptError(f"the receipt's leaf is not in its block: {error}") from None
    return checked


def _parse(receipt: Mapping[str, Any]) -> Receipt:
    """Return the members of a receipt with their types checked; others are left out."""
    members: dict[str, Any] = {}
    for name, kind in Receipt.__annotations__.items():
        value = receipt.get(name)
        wanted = list if name == "path" else kind
        if not isinstance(value, wanted) or isinstance(value, bool):
            raise ReceiptError(f"the receipt's {name} is missing or of another type")
        members[name] = value
    hashes = (*members["path"], members["leaf_hash"], members["root"])
    if not all(isinstance(item, str) and _is_hash(item) for item in hashes):
        raise ReceiptError("a hash of the receipt is not 64 lower-case hexadecimal digits")
    return cast(Receipt, members)


def _is_hash(text: str) -> bool:
    return len(text) == 64 and not text.strip("0123456789abcdef")
