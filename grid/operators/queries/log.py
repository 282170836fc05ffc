"""An entry of the log as far as its reader may see it, with the proof that it is in.

What belongs to a metering point is personal: its fields are opened for the meter-data responsible of its
community and for nobody else here; its member has them on the own pages and in the case file.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from grid.accounts.models import Role, User
from grid.accounts.queries import zones_with_role
from grid.domain import merkle
from grid.domain.entries import DecisionKind, EntryKind
from grid.domain.merkle import ProofError
from grid.metering.models import MeteringPoint
from grid.records import queries as records
from grid.records.errors import Erased, LogDamaged, NotInLog
from grid.records.models import Checkpoint
from grid.records.queries import Stub

PUBLIC_FIELDS = {"slot", "quality", "version", "supersedes", "bindingIndex", "fromDay", "toDay", "prevBinding"}
"""What everybody with a role sees of a personal entry: when and in which order, not whose or how much."""


@dataclass(frozen=True)
class Field:
    """A field of an entry as text; `hidden` when the reader may not see it."""

    name: str
    value: str
    hidden: bool = False


@dataclass(frozen=True)
class EntryView:
    """An entry with its fields and its inclusion in an anchored checkpoint."""

    index: int
    kind: EntryKind
    leaf_hash: bytes
    created_at: datetime
    fields: list[Field]
    personal: bool
    unreadable: str
    checkpoint: Checkpoint | None
    path: list[bytes]
    included: bool


def entry_view(index: int, user: User) -> EntryView | None:
    """The entry, or None when the log has none with this index."""
    try:
        row = records.stub(index)
    except NotInLog:
        return None
    scope = records.scope_of(row)
    point = MeteringPoint.objects.filter(id=scope).first() if scope else None
    personal = point is not None
    allowed = point is None or _reads_meters(user, point)
    fields, unreadable = _fields(index, allowed)
    checkpoint = records.anchored_checkpoint_covering(index + 1)
    path, included = _inclusion(row, checkpoint)
    return EntryView(
        index=index,
        kind=row.kind,
        leaf_hash=row.leaf_hash,
        created_at=row.created_at,
        fields=fields,
        personal=personal and not allowed,
        unreadable=unreadable,
        checkpoint=checkpoint,
        path=path,
        included=included,
    )


def newest_entries(limit: int = 25) -> list[Stub]:
    """The end of the log, newest first; hashes only."""
    return records.recent(limit)


def kind_name(kind: int) -> str:
    """An entry's kind in words."""
    return {
        EntryKind.READING: _("Signed record"),
        EntryKind.INTERVAL: _("Slot energy"),
        EntryKind.BINDING: _("Meter binding"),
        EntryKind.DECISION: _("Decision"),
        EntryKind.AUCTION: _("Auction"),
        EntryKind.TARIFF: _("Tariff of a day"),
        EntryKind.PROFILE: _("Rule book"),
        EntryKind.RULING: _("Ruling"),
        EntryKind.KEY: _("Device key"),
        EntryKind.TOMBSTONE: _("Erasure"),
    }[EntryKind(kind)]


def _reads_meters(user: User, point: MeteringPoint) -> bool:
    return zones_with_role(user, [Role.METER_DATA_RESPONSIBLE]).filter(id=point.zone_id).exists()


def _fields(index: int, allowed: bool) -> tuple[list[Field], str]:
    """The decoded fields without the salt, or why they cannot be read."""
    try:
        decoded = records.decoded(index)
    except Erased:
        return [], _("The key of this entry was erased, and its content with it. Every other proof still holds.")
    except LogDamaged as error:
        return [], str(error)
    return [
        Field(name, _text(name, value)) if allowed or name in PUBLIC_FIELDS else Field(name, "", hidden=True)
        for name, value in decoded.items()
        if name != "salt"
    ], ""


def _text(name: str, value: Any) -> str:
    if value is None:
        return _("none")
    if isinstance(value, bytes):
        return f"0x{value.hex()}"
    if name == "decisionKind":
        return DecisionKind(value).name.lower()
    return str(value)


def _inclusion(row: Stub, checkpoint: Checkpoint | None) -> tuple[list[bytes], bool]:
    """The audit path to the checkpoint's root, checked here as anyone can check it."""
    if checkpoint is None:
        return [], False
    path = records.inclusion_proof(row.index, checkpoint.size)
    try:
        merkle.verify_inclusion(row.leaf_hash, row.index, checkpoint.size, path, bytes(checkpoint.root))
    except ProofError:
        return path, False
    return path, True
