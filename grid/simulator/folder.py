"""The simulator's data folder: the street as it was founded, its key seed and its meters' journal.

A street is founded once. Later starts read what was decided then, because other homes, another place or
another beginning would give the same meters other registers.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from grid.simulator.energy import EnergySource
from grid.simulator.identity import Identities
from grid.simulator.profiles import Place
from grid.simulator.street import Roster, Sender, Street, energy_source, roster


class FolderError(ValueError):
    """The folder holds something else than a street; the message says what to do."""


@dataclass(frozen=True)
class Founding:
    """What a street is made of. Registers begin at `origin_slot`; measured homes end at `window_end_slot`."""

    place: Place
    origin_slot: int
    window_end_slot: int
    homes_file: str | None = None
    count: int = 12


class StreetFolder:
    """A street in a folder."""

    def __init__(self, path: Path, founding: Founding) -> None:
        """Found a street, or open the one that is there: then `founding` matters no more.

        Raises FolderError or HomesFileError.
        """
        path.mkdir(parents=True, exist_ok=True)
        self._path = path
        self.identities = Identities.from_file(path / "seed")
        self.founding = _founded(path / "street.json", founding)
        file = self.founding.homes_file
        self.source: EnergySource = energy_source(
            identities=self.identities,
            place=self.founding.place,
            window_end_slot=self.founding.window_end_slot,
            homes_file=Path(file) if file else None,
            count=self.founding.count,
        )

    @property
    def roster(self) -> Roster:
        return roster(self.source, self.identities)

    def street(self, client: Sender, *, compact: Callable[[int], bool] = lambda position: False) -> Street:
        """Return the street, ready to send through `client`; `compact` says which meters sign in the compact form."""
        return Street(
            source=self.source,
            identities=self.identities,
            client=client,
            origin_slot=self.founding.origin_slot,
            journal_path=self._path / "journal.json",
            compact=compact,
        )


def _founded(path: Path, founding: Founding) -> Founding:
    if not path.exists():
        path.write_text(json.dumps(asdict(founding), indent=1))
        return founding
    try:
        stored = json.loads(path.read_text())
        return Founding(place=Place(**stored.pop("place")), **stored)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise FolderError(f"{path}: not a street ({error}). Use a new data folder.") from None
