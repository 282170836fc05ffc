"""Receipts: what a submitter holds from the moment an entry is accepted until it is anchored."""

import json
from datetime import UTC, datetime, timedelta
from typing import TypedDict

from grid.records import log_key

ANCHOR_WITHIN = timedelta(hours=1)


class Receipt(TypedDict):
    """A signed promise: this leaf is in the log at this index, and on chain at latest by then.

    Times are unix seconds, hashes and signature hexadecimal. The Ed25519 signature covers
    `signed_bytes` of the other members.
    """

    log: str
    index: int
    leaf_hash: str
    received_at: int
    anchor_by: int
    signature: str


def receipt(*, index: int, leaf_hash: bytes, received_at: datetime) -> Receipt:
    """Return the receipt of an entry. The same entry always has the same receipt, byte for byte."""
    signer = log_key.signer()
    received = int(received_at.astimezone(UTC).timestamp())
    unsigned = Receipt(
        log=signer.origin,
        index=index,
        leaf_hash=leaf_hash.hex(),
        received_at=received,
        anchor_by=received + int(ANCHOR_WITHIN.total_seconds()),
        signature="",
    )
    unsigned["signature"] = signer.sign(signed_bytes(unsigned)).hex()
    return unsigned


def signed_bytes(receipt: Receipt) -> bytes:
    """Return the bytes a receipt's signature covers: its members but the signature, as compact JSON."""
    members = {name: value for name, value in receipt.items() if name != "signature"}
    return json.dumps(members, sort_keys=True, separators=(",", ":")).encode()
