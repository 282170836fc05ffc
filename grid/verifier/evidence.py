"""A case's evidence as far as it has proven itself: only entries under the checkpoint's root count."""

from dataclasses import dataclass, field

from grid.domain.casefile import Case
from grid.domain.entries import EntryKind, Value
from grid.domain.ocmf import Record
from grid.verifier.report import CheckFailed, NotInFile, Report


@dataclass(slots=True)
class Evidence:
    """The case, the report, and what the checks so far have proven.

    `entries` are those under the checkpoint's root, `records` those signed by a key of the log, by the
    index of their READING entry.
    """

    case: Case
    report: Report
    size: int = 0
    root: bytes = b""
    entries: dict[int, tuple[EntryKind, dict[str, Value]]] = field(default_factory=dict)
    records: dict[int, Record] = field(default_factory=dict)

    def entry(self, index: Value, kind: EntryKind) -> "Fields":
        """Return a proven entry. Raises NotInFile, or CheckFailed when it is of another kind."""
        if not isinstance(index, int):
            raise CheckFailed(f"cites no {kind.name} entry")
        if index not in self.entries:
            raise NotInFile(f"entry {index} ({kind.name}) is not proven by the file")
        found, fields = self.entries[index]
        if found is not kind:
            raise CheckFailed(f"entry {index} is {found.name}, not {kind.name}")
        return Fields(f"{kind.name} {index}", fields)

    def bindings(self, point: bytes, day: int) -> list[int]:
        """Return the indices of the proven BINDINGs that give a point an account on a day, the last one first."""
        proven = ((index, fields) for index, (kind, fields) in self.entries.items() if kind is EntryKind.BINDING)
        mine = [(index, Fields(f"BINDING {index}", fields)) for index, fields in proven if fields["point"] == point]
        covering = (index for index, fields in mine if fields.covers(day))
        return sorted(covering, reverse=True)

    def record(self, reading: Value) -> Record:
        """Return a proven signed record by its READING's index. Raises NotInFile."""
        if not isinstance(reading, int) or reading not in self.records:
            raise NotInFile(f"the signed record of READING {_shown(reading)} is not proven by the file")
        return self.records[reading]


class Fields:
    """Fields of an entry or leaf, by name and type."""

    def __init__(self, name: str, values: dict[str, Value]) -> None:
        self.name = name
        self._values = values

    def number(self, name: str) -> int:
        """Return an integer field. Raises CheckFailed where it is absent."""
        value = self._values[name]
        if not isinstance(value, int):
            raise CheckFailed(f"{self.name} has no {name}")
        return value

    def index(self, name: str) -> int | None:
        """Return an index or day, or None."""
        return None if self._values[name] is None else self.number(name)

    def data(self, name: str) -> bytes:
        """Return a field of bytes."""
        value = self._values[name]
        if not isinstance(value, bytes):
            raise CheckFailed(f"{self.name}.{name} is not bytes")
        return value

    def flag(self, name: str) -> bool:
        """Return a truth value."""
        return self._values[name] is True

    def covers(self, day: int) -> bool:
        """Return whether a BINDING's days hold a day; its last one is exclusive, or none."""
        after = self.index("toDay")
        return self.number("fromDay") <= day and (after is None or day < after)

    def agrees(self, name: str, expected: Value) -> None:
        """Raise CheckFailed unless a field has this value."""
        value = self._values[name]
        if value != expected:
            raise CheckFailed(f"{self.name}.{name} is {_shown(value)}, expected {_shown(expected)}")


def _shown(value: Value) -> str:
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)
