"""Checks of what stands beside the entries: words, keys, erasures, checkpoints, and their anchors on chain."""

from collections.abc import Sequence

from grid.chain import queries as chain
from grid.chain.models import ChainTx
from grid.domain import notes
from grid.domain.slots import day_of_date
from grid.records import log_key
from grid.records.errors import LogDamaged
from grid.records.models import Checkpoint, Erasure, LogKey, Word
from grid.records.queries import checkpoints, keys, words
from grid.records.queries.entries import LogEntry
from grid.records.sealing import KeyHandle


def check_words() -> None:
    """Raise LogDamaged that names the first word that is missing or was changed."""
    for number, row in enumerate(Word.objects.order_by("id").iterator(), start=1):
        if row.id != number:
            raise LogDamaged(f"Word {number} is missing; the next one is {row.id}.")
        if bytes(row.mac) != words.mac(number, bytes(row.word)):
            raise LogDamaged(f"Word {number} or its mark was changed.")


class Keys:
    """All keys, opened once, so that a changed row of theirs is named and not every entry under it."""

    def __init__(self) -> None:
        self._erased = dict(Erasure.objects.values_list("key_id", "log_index"))
        self.handles: dict[int, KeyHandle] = {}
        for row in LogKey.objects.order_by("id").iterator():
            if row.id in self._erased:
                raise LogDamaged(
                    f"Key {row.id} of {row.scope} for {row.period:%Y-%m} was erased, and is there: "
                    f"see the erasure of entry {self._erased[row.id]}."
                )
            self.handles[row.id] = keys.open_row(row)

    def of(self, key_id: int, index: int) -> KeyHandle | None:
        """Return the key of an entry, None for an erased one. Raises LogDamaged for one that vanished."""
        handle = self.handles.get(key_id)
        if handle is None and key_id not in self._erased:
            raise LogDamaged(f"Key {key_id} of entry {index} is gone, and no row of erasures says so.")
        return handle


def check_erasures(tombstones: Sequence[LogEntry], held: Keys) -> None:
    """Raise LogDamaged when erasures and TOMBSTONE entries do not say the same."""
    rows = {row.log_index: row for row in Erasure.objects.all()}
    for entry in tombstones:
        row = rows.pop(entry.index, None)
        if row is None:
            raise LogDamaged(f"Entry {entry.index} tells of an erasure, and there is no row of erasures for it.")
        fields = entry.fields
        same = (
            fields["scope"] == row.scope.int.to_bytes(32, "big")
            and fields["period"] == day_of_date(row.period)
            and fields["keyHash"] == bytes(row.key_hash)
            and entry.document == row.reason.encode()
            and entry.created_at == row.erased_at
        )
        if not same:
            raise LogDamaged(f"The row of the erasure of entry {entry.index} says something else than the entry.")
    for index in rows:
        raise LogDamaged(f"A row of erasures cites entry {index}, which is no TOMBSTONE.")


def check_checkpoint_rows() -> dict[int, Checkpoint]:
    """Return the checkpoints by size. Raises LogDamaged when one is missing or its place on chain contradictory."""
    found: dict[int, Checkpoint] = {}
    previous, seq = 0, 0
    for row in Checkpoint.objects.select_related("chain_tx").order_by("size"):
        mark = checkpoints.mac(
            size=row.size, root=bytes(row.root), note=row.note, created_at=row.created_at, previous=previous
        )
        if mark != bytes(row.mac):
            raise LogDamaged(f"Checkpoint {row.size}, its mark, or the checkpoint before it was changed or removed.")
        if row.seq is not None:
            if row.seq != seq or row.chain_tx is None or row.chain_tx.business_key != f"anchor:{seq}":
                raise LogDamaged(f"Checkpoint {row.size} has the number {row.seq} of another, or another transaction.")
            seq += 1
        elif row.chain_tx_id is not None or row.anchored_at is not None:
            raise LogDamaged(f"Checkpoint {row.size} is anchored without a number.")
        stamp = row.chain_tx.block_timestamp if row.chain_tx else None
        if row.anchored_at is not None and (stamp is None or row.anchored_at.timestamp() != stamp):
            raise LogDamaged(f"Checkpoint {row.size} has another time than the block of its transaction.")
        found[row.size] = row
        previous = row.size
    if ChainTx.objects.filter(business_key__startswith="anchor:").count() != seq:
        raise LogDamaged(f"Checkpoint number {seq} was removed: its transaction is there.")
    return found


def check_checkpoint(row: Checkpoint, root: bytes) -> None:
    """Raise LogDamaged when a checkpoint's root or note is not of this log."""
    if bytes(row.root) != root:
        raise LogDamaged(f"Checkpoint {row.size} has another root than the entries it covers.")
    signer = log_key.signer()
    try:
        body = notes.verify_note(row.note, name=signer.origin, public_key=signer.public_key)
    except notes.NoteError as error:
        raise LogDamaged(f"Checkpoint {row.size}: {error}.") from None
    if body != notes.checkpoint_body(signer.origin, row.size, root):
        raise LogDamaged(f"Checkpoint {row.size} has a note that says something else.")


def check_anchors() -> int:
    """Compare every anchored checkpoint with RecordAnchor; return how many there are."""
    anchored = list(Checkpoint.objects.filter(anchored_at__isnull=False).order_by("seq"))
    count = chain.call("RecordAnchor", "checkpointCount")
    if len(anchored) > count:
        raise LogDamaged(f"Checkpoint {anchored[count].size} is not on chain: RecordAnchor has {count}.")
    answers = chain.call_many([("RecordAnchor", "isAnchored", [checkpoints.chain_fields(row)]) for row in anchored])
    for row, stands in zip(anchored, answers, strict=True):
        if not stands:
            raise LogDamaged(f"Checkpoint {row.size} is number {row.seq} on chain with another size, root or time.")
    return len(anchored)
