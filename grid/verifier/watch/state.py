"""What a watcher remembers between two looks, in a file of its own: the last checkpoint, the pins, the statements.

The file is replaced as a whole, so that a stop in the middle leaves the old one. Losing it loses the memory of what
the log said before: a watcher that starts anew believes the log it finds.
"""

import json
import os
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

FORMAT = "commonwatt.watch.v1"


class StateError(ValueError):
    """A state file that is not one of ours, or belongs to another platform; the message says which."""


@dataclass(slots=True)
class Seen:
    """One statement: the roots of its run, when it was first listed, and what was found. Times in unix seconds."""

    first_listed: int
    checked_at: int | None = None
    run: str = ""
    alerts: list[str] = field(default_factory=list)


@dataclass(slots=True)
class State:
    """The whole memory. `size` and `root` are the largest checkpoint seen; `next_block` the first not yet scanned."""

    url: str
    log_key: str = ""
    size: int = 0
    root: str = ""
    note: str = ""
    contracts: dict[str, str] = field(default_factory=dict)
    next_block: int = 0
    statements: dict[str, Seen] = field(default_factory=dict)
    posted: dict[str, int] = field(default_factory=dict)
    alerts: dict[str, str] = field(default_factory=dict)

    @property
    def open_alerts(self) -> list[str]:
        """Everything that did not hold, in the order it was found."""
        return [*self.alerts.values(), *(text for seen in self.statements.values() for text in seen.alerts)]

    @property
    def checked(self) -> int:
        """How many statements were checked."""
        return sum(seen.checked_at is not None for seen in self.statements.values())


def load(path: Path, url: str) -> State:
    """Return the state in a file, a new one where there is none. Raises StateError."""
    try:
        document = json.loads(path.read_bytes())
    except FileNotFoundError:
        return State(url)
    except (OSError, ValueError, RecursionError) as error:
        raise StateError(f"{path}: not a state file: {error}") from None
    if not isinstance(document, dict) or document.pop("format", None) != FORMAT:
        raise StateError(f"{path}: not a state file of this command")
    try:
        statements = {key: Seen(**values) for key, values in document.pop("statements").items()}
        state = State(statements=statements, **document)
        _check(state)
    except (TypeError, KeyError, AttributeError, ValueError) as error:
        raise StateError(f"{path}: not a state file: {error}") from None
    if state.url != url:
        raise StateError(f"{path} is the memory of {state.url}: give another --state for {url}")
    return state


def save(path: Path, state: State) -> None:
    """Write the state. Raises OSError."""
    document: dict[str, Any] = {"format": FORMAT, **asdict(state)}
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w") as file:
            json.dump(document, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _check(state: State) -> None:
    numbers = [state.size, state.next_block, *(seen.first_listed for seen in state.statements.values())]
    if not all(isinstance(number, int) and number >= 0 for number in numbers):
        raise ValueError("a number is none")
    if len(bytes.fromhex(state.root)) not in (0, 32):
        raise ValueError("the root is no hash")
