"""Entries of the log, opened; every one is checked against its leaf hash as it is read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from grid.domain import entries as domain
from grid.domain.entries import EntryKind
from grid.domain.words import Value
from grid.records import sealing
from grid.records.errors import Erased, LogDamaged, NotInLog
from grid.records.models import Entry
from grid.records.queries import keys
from grid.records.sealing import KeyHandle


@dataclass(frozen=True, slots=True)
class LogEntry:
    """An opened entry. `leaf` is the leaf data that hashes to `leaf_hash`; `fields` has its salt too."""

    index: int
    kind: EntryKind
    leaf_hash: bytes
    leaf: bytes
    document: bytes | None
    created_at: datetime

    @property
    def fields(self) -> dict[str, Value]:
        return domain.decode(self.kind, self.leaf)


def entry(index: int) -> LogEntry:
    """Return one entry. Raises NotInLog, Erased, or LogDamaged when it does not have its hash."""
    return entries([index])[0]


def entries(indices: Sequence[int]) -> list[LogEntry]:
    """Return several entries, in the order asked for; raises as `entry`."""
    rows = {row.index: row for row in Entry.objects.filter(index__in=list(indices))}
    opened = keys.by_id({row.key_id for row in rows.values()})
    found = []
    for index in indices:
        if index not in rows:
            raise NotInLog(f"The log has no entry {index}.")
        row = rows[index]
        if row.key_id not in opened:
            raise Erased(f"Entry {index} was erased: its key no longer exists.")
        found.append(open_row(row, opened[row.key_id]))
    return found


def decoded(index: int) -> dict[str, Value]:
    """Return the fields of one entry, with its salt; raises as `entry`."""
    return entry(index).fields


def document(index: int) -> bytes | None:
    """Return the document kept beside an entry; raises as `entry`."""
    return entry(index).document


def leaf_hash(index: int) -> bytes:
    """Return the stored leaf hash of an entry, which outlives its key. Raises NotInLog."""
    value = Entry.objects.filter(index=index).values_list("leaf_hash", flat=True).first()
    if value is None:
        raise NotInLog(f"The log has no entry {index}.")
    return bytes(value)


def open_row(row: Entry, key: KeyHandle) -> LogEntry:
    """Decrypt a row and check it. Raises LogDamaged that names the entry."""
    kind, stored = EntryKind(row.kind), bytes(row.leaf_hash)
    words = sealing.open_leaf(key, row.index, stored, bytes(row.data))
    salt = domain.salt(key.key, kind.name, position=row.index)
    leaf = domain.TAGS[kind.name] + words + salt
    if sha256(b"\x00" + leaf).digest() != stored:
        raise LogDamaged(f"Entry {row.index} does not have its leaf hash: kind, data or key was changed.")
    content = None
    if row.document is not None:
        seed = sealing.document_seed(row.index, stored)
        try:
            content = sealing.unpack_document(sealing.open_sealed(key, seed, bytes(row.document)))
        except LogDamaged:
            raise LogDamaged(f"The document of entry {row.index} was changed.") from None
    return LogEntry(row.index, kind, stored, leaf, content, row.created_at)
