"""Checkpoints: the log's size and root, signed, then anchored in RecordAnchor one after another."""

from datetime import UTC, datetime

from django.db import transaction

from grid.chain.models import ChainTx, ChainTxState
from grid.chain.services import outbox
from grid.domain import notes
from grid.records import log_key
from grid.records.errors import LogDamaged
from grid.records.models import Checkpoint
from grid.records.queries import checkpoints, tree
from grid.records.services.keys import lock_log

SENDER = "anchorer"


@transaction.atomic
def sign_checkpoint(*, now: datetime) -> int:
    """Sign the log's present size and root; return 1, or 0 when it has not grown.

    Raises LogDamaged when the last checkpoint's root is no longer the root of its size: what was
    signed once is never contradicted.
    """
    lock_log()
    size = tree.log_size()
    last = checkpoints.latest_signed()
    if size == (last.size if last else 0):
        return 0
    if last and tree.root_of(last.size) != bytes(last.root):
        raise LogDamaged(f"The first {last.size} entries do not have the root that was signed for them.")
    signer = log_key.signer()
    root = tree.root_of(size)
    body = notes.checkpoint_body(signer.origin, size, root)
    note = notes.sign_note(body, name=signer.origin, private_key=signer.seed)
    mac = checkpoints.mac(size=size, root=root, note=note, created_at=now, previous=last.size if last else 0)
    Checkpoint.objects.create(size=size, root=root, note=note, created_at=now, mac=mac)
    return 1


@transaction.atomic
def enqueue_anchor(*, now: datetime) -> int:
    """Ask for the newest checkpoint to be anchored; return 1, or 0 when there is nothing to anchor.

    One anchoring is under way at a time, so that each proves its consistency with the one before.
    """
    lock_log()
    previous = Checkpoint.objects.filter(seq__isnull=False).order_by("-seq").first()
    if previous and previous.anchored_at is None:
        return 0
    newest = checkpoints.latest_signed()
    if newest is None or newest.seq is not None:
        return 0
    before = checkpoints.chain_fields(previous) if previous else checkpoints.NONE_BEFORE
    seq = before["seq"] + 1 if previous else 0
    proof = tree.consistency_proof(before["size"], newest.size)
    newest.seq = seq
    newest.chain_tx = outbox.enqueue(
        business_key=f"anchor:{seq}",
        sender=SENDER,
        contract="RecordAnchor",
        function="anchor",
        args=[seq, before, newest.size, bytes(newest.root), proof],
        now=now,
    )
    newest.save(update_fields=["seq", "chain_tx"])
    return 1


def note_anchored(*, now: datetime) -> int:
    """Note which checkpoints the chain has confirmed; return how many."""
    pending = Checkpoint.objects.filter(anchored_at__isnull=True, chain_tx__state=ChainTxState.FINAL)
    noted = 0
    for checkpoint in pending.select_related("chain_tx").order_by("seq"):
        checkpoint.anchored_at = _anchored_at(checkpoint.chain_tx)
        checkpoint.save(update_fields=["anchored_at"])
        noted += 1
    return noted


def _anchored_at(row: ChainTx | None) -> datetime:
    if row is None or row.block_timestamp is None:
        raise LogDamaged("A checkpoint is confirmed by a transaction that is in no block.")
    return datetime.fromtimestamp(row.block_timestamp, UTC)
