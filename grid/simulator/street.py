"""The virtual street: homes, a feeder meter, their keys, and what they have sent so far."""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from grid.domain.slots import SLOTS_PER_DAY, slot_of
from grid.simulator.client import Outcome
from grid.simulator.device import VirtualMeter
from grid.simulator.energy import EnergySource, Home, Registers
from grid.simulator.homes import HomesFile
from grid.simulator.identity import Identities, MeterIdentity, Wallet
from grid.simulator.journal import Journal, MeterState
from grid.simulator.profiles import GeneratedStreet, Place

WINDOW_DAYS = 7
"""Days of all meters that are signed and journalled at a time during a back-fill."""


@dataclass(frozen=True)
class Member:
    """A home as the platform has to know it: connection, meter and owner's wallet."""

    home: Home
    meter: MeterIdentity
    wallet: Wallet


@dataclass(frozen=True)
class Roster:
    """Who lives in the street, for the platform's registry."""

    members: tuple[Member, ...]
    feeder: MeterIdentity
    feeder_rating_w: int


def roster(source: EnergySource, identities: Identities) -> Roster:
    """Return the members and the feeder meter of a street."""
    members = tuple(
        Member(home=home, meter=identities.meter(f"{index + 1:03d}", index), wallet=identities.wallet(home.name))
        for index, home in enumerate(source.homes)
    )
    # A feeder is not built for all fuses at once; a third of their sum is ample for homes.
    rating = sum(home.fuse_w for home in source.homes) // 3
    return Roster(members=members, feeder=identities.meter("FEEDER", 1), feeder_rating_w=rating)


def energy_source(
    *, identities: Identities, place: Place, window_end_slot: int, homes_file: Path | None = None, count: int = 12
) -> EnergySource:
    """Return the homes of a CSV file, or a generated street. Raises HomesFileError."""
    if homes_file is not None:
        return HomesFile(homes_file, time_zone=place.time_zone, window_end_slot=window_end_slot)
    return GeneratedStreet(seed=identities.number, place=place, count=count)


def every(number: int) -> Callable[[int], bool]:
    """Return what chooses every so many-th position; none for 0."""
    return lambda position: number > 0 and position % number == number - 1


class Sender(Protocol):
    """What carries records to the platform."""

    def send(self, records: Sequence[str]) -> Outcome: ...


class Street:
    """Sends what its meters have measured, up to a moment that the caller names."""

    def __init__(
        self,
        *,
        source: EnergySource,
        identities: Identities,
        client: Sender,
        origin_slot: int,
        journal_path: Path | None = None,
        compact: Callable[[int], bool] = lambda position: False,
    ) -> None:
        """`origin_slot` is where registers begin; a journal that exists already knows better.

        `compact` says by position which meters sign in the compact form.
        """
        self.roster = roster(source, identities)
        self._client = client
        meters = [member.meter for member in self.roster.members] + [self.roster.feeder]
        exports = [home.pv_peak_w > 0 for home in source.homes] + [True]
        self._meters = [
            VirtualMeter(identity, position=position, has_export=has_export, compact=compact(position))
            for position, (identity, has_export) in enumerate(zip(meters, exports, strict=True))
        ]
        self.journal = Journal.open(journal_path, origin_slot=origin_slot, street=_fingerprint(source, meters))
        origin = self.journal.origin_slot
        self._registers = Registers(source, origin_slot=origin, seed=identities.number)
        for meter in meters:
            self.journal.meters.setdefault(meter.serial, MeterState(counter=0, previous="", sent_slot=origin - 1))

    def slots_due(self, to_unix: int) -> int:
        """Return how many slot readings of all meters `advance` would send."""
        return sum(max(0, slot_of(to_unix) - state.sent_slot) for state in self.journal.meters.values())

    def advance(
        self,
        to_unix: int,
        *,
        slots_per_record: int = SLOTS_PER_DAY,
        progress: Callable[[int], None] = lambda slots: None,
    ) -> Outcome:
        """Send every register reading up to and including the slot border at or before `to_unix`.

        `progress` is told how many slot readings each batch held. Raises ClientError; nothing is lost
        by it, the next call goes on where this one stopped.
        """
        total = Outcome()
        if self.journal.pending:
            total.add(self._deliver())
        last = slot_of(to_unix)
        window = WINDOW_DAYS * SLOTS_PER_DAY
        while (first := min(state.sent_slot for state in self.journal.meters.values())) < last:
            until = min(last, first + window)
            due = self.slots_due(until * 900)
            self.journal.pending = list(self._records(until, slots_per_record))
            self.journal.save()
            total.add(self._deliver())
            progress(due)
        return total

    def _deliver(self) -> Outcome:
        outcome = self._client.send(self.journal.pending)
        self.journal.pending = []
        self.journal.save()
        return outcome

    def _records(self, until: int, slots_per_record: int) -> Iterator[str]:
        """Yield the signed records of all meters up to slot border `until`."""
        for meter in self._meters:
            state = self.journal.meters[meter.identity.serial]
            while state.sent_slot < until:
                first, after = state.sent_slot + 1, min(until, state.sent_slot + slots_per_record) + 1
                yield meter.record(state, self._registers.at(meter.position, range(first, after)))
                state.sent_slot = after - 1


def _fingerprint(source: EnergySource, meters: list[MeterIdentity]) -> str:
    described = [[home.name, home.fuse_w, home.pv_peak_w] for home in source.homes]
    described += [[meter.serial, meter.public_key.hex()] for meter in meters]
    return hashlib.sha256(json.dumps(described).encode()).hexdigest()
