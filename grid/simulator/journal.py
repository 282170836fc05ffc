"""What the virtual meters must remember: a meter that forgets its counter looks like a forged one.

The journal is written before records are sent. After a crash the same bytes go out again, and the platform
answers with the receipt it gave before.
"""

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path


class JournalError(ValueError):
    """The journal does not belong to this street or cannot be read; the message says what to do."""


@dataclass
class MeterState:
    """A meter's last record: its counter, its SHA-256 in hex, and the last slot border it reported."""

    counter: int
    previous: str
    sent_slot: int


@dataclass
class Journal:
    """The state of all meters of one street, kept in one file (or in memory, without a path)."""

    path: Path | None
    origin_slot: int
    street: str
    meters: dict[str, MeterState] = field(default_factory=dict)
    pending: list[str] = field(default_factory=list)

    @classmethod
    def open(cls, path: Path | None, *, origin_slot: int, street: str) -> "Journal":
        """Return the journal in the file, or a new one that begins at `origin_slot`.

        `street` identifies homes and keys. Raises JournalError for another street's journal.
        """
        if path is None or not path.exists():
            return cls(path=path, origin_slot=origin_slot, street=street)
        try:
            stored = json.loads(path.read_text())
            meters = {serial: MeterState(**state) for serial, state in stored.pop("meters").items()}
            journal = cls(path=path, meters=meters, **stored)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise JournalError(f"{path}: not a meter journal ({error}). Restore it; without it meters fork.") from None
        if journal.street != street:
            raise JournalError(f"{path}: belongs to other homes or keys. Use a new data folder for a new street.")
        return journal

    def save(self) -> None:
        """Write the journal; the file is replaced as a whole."""
        if self.path is None:
            return
        stored = asdict(self)
        del stored["path"]
        temporary = self.path.with_suffix(".tmp")
        with open(temporary, "w") as file:
            json.dump(stored, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, self.path)
