"""Where the virtual meters' energy comes from: whole Wh per home and slot, a pure function of time."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from grid.domain.slots import SLOT_SECONDS

WattHourArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Home:
    """One connection of the street."""

    name: str
    fuse_w: int
    pv_peak_w: int


class EnergySource(Protocol):
    """A street's homes and what they use and make."""

    @property
    def homes(self) -> tuple[Home, ...]:
        """The homes, always in the same order."""
        ...

    def net_wh(self, slots: range) -> WattHourArray:
        """Return load minus PV in Wh, an array of homes times slots."""
        ...


class Registers:
    """Cumulative import and export registers of every home and of the feeder, counted from an origin slot.

    Row h is home h; the last row is the feeder, whose net is the sum of the members' nets (no losses).
    A restart with the same source and origin continues the same registers.
    """

    def __init__(self, source: EnergySource, *, origin_slot: int, seed: int, block_slots: int = 96 * 70) -> None:
        self._source = source
        self._origin = origin_slot
        self._block = block_slots
        meters = len(source.homes) + 1
        start = np.random.default_rng([seed, 1]).integers(100_000, 9_000_000, size=(2, meters, 1))
        has_pv = np.array([home.pv_peak_w > 0 for home in source.homes] + [True])
        start[1] *= has_pv[:, None]
        self._cumulative: WattHourArray = start

    def at(self, meter: int, slots: range) -> list[tuple[int, int, int]]:
        """Return (unix seconds, import Wh, export Wh) at the starts of slots. None lies before the origin."""
        first, last = slots.start - self._origin, slots.stop - self._origin
        if first < 0:
            raise ValueError(f"slot {slots.start} is before the street's origin {self._origin}")
        self._extend(last)
        imported = self._cumulative[0, meter, first:last].tolist()
        exported = self._cumulative[1, meter, first:last].tolist()
        return [(slot * SLOT_SECONDS, i, e) for slot, i, e in zip(slots, imported, exported, strict=True)]

    def _extend(self, count: int) -> None:
        """Make sure that `count` borders from the origin are known."""
        known = self._cumulative.shape[2]
        if count <= known:
            return
        first = self._origin + known - 1
        wanted = max(self._block, count - known)
        members = self._source.net_wh(range(first, first + wanted))
        net = np.vstack([members, members.sum(axis=0)])
        steps = np.stack([np.maximum(net, 0), np.maximum(-net, 0)])
        added = self._cumulative[:, :, -1:] + np.cumsum(steps, axis=2)
        self._cumulative = np.concatenate([self._cumulative, added], axis=2)
