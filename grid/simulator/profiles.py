"""The generated street: load from the BDEW household profile, PV from the sun's path, weather by chance.

Everything is a pure function of the street's seed, its place and the time, so that a restart continues the
same street. A home is not the flat BDEW average of thousands: it has its own size and rhythm, good and
lazy days, noise from quarter-hour to quarter-hour, and an oven or a washing machine now and then.

`python -m grid.simulator.profiles` computes a block in a process of its own, told by JSON on stdin: the
libraries behind it take 100 MB, which a process that runs for weeks should not keep.
"""

import json
import subprocess
import sys
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from grid.domain.slots import SLOTS_PER_DAY, slot_start
from grid.simulator.energy import Home, WattHourArray

if TYPE_CHECKING:
    import pandas as pd

FloatArray = npt.NDArray[np.float64]
FUSE_W = 17_250  # 3 x 25 A at 230 V
SYSTEM_EFFICIENCY = 0.86  # inverter, wiring, temperature, dirt


@dataclass(frozen=True)
class Place:
    """Where and when the street is: degrees, IANA time zone, and the country of its holidays."""

    latitude: float
    longitude: float
    time_zone: str
    country: str


@dataclass(frozen=True)
class Household:
    """What makes a home differ from the average one."""

    annual_kwh: float
    shift_slots: int
    day_sigma: float
    slot_sigma: float
    appliance_w: float
    pv_peak_w: int
    tilt: float
    azimuth: float


def households(seed: int, count: int) -> list[Household]:
    """Return the homes of a street; a little over half of them have PV, the first one among them."""
    rng = np.random.default_rng([seed, 2])
    made = []
    for index in range(count):
        has_pv = index % 7 in (0, 1, 3, 5)
        made.append(
            Household(
                annual_kwh=float(rng.uniform(1_900, 4_800)),
                shift_slots=int(rng.integers(-5, 6)),
                day_sigma=float(rng.uniform(0.08, 0.22)),
                slot_sigma=float(rng.uniform(0.20, 0.40)),
                appliance_w=float(rng.uniform(900, 2_200)),
                pv_peak_w=int(rng.integers(55, 105)) * 100 if has_pv else 0,
                tilt=float(rng.uniform(15, 45)),
                azimuth=float(rng.normal(180, 40)),
            )
        )
    return made


class GeneratedStreet:
    """An energy source of generated homes."""

    def __init__(self, *, seed: int, place: Place, count: int = 12, separate_process: bool = True) -> None:
        self._seed, self._place, self._count = seed, place, count
        self._separate = separate_process
        self.homes = tuple(
            Home(name=f"H{index + 1:02d}", fuse_w=FUSE_W, pv_peak_w=household.pv_peak_w)
            for index, household in enumerate(households(seed, count))
        )

    def net_wh(self, slots: range) -> WattHourArray:
        """Return load minus PV in Wh, an array of homes times slots."""
        wanted = {
            "seed": self._seed,
            "place": asdict(self._place),
            "count": self._count,
            "first": slots.start,
            "after": slots.stop,
        }
        if not self._separate:
            return compute(wanted)
        done = subprocess.run(
            [sys.executable, "-m", "grid.simulator.profiles"],
            input=json.dumps(wanted).encode(),
            stdout=subprocess.PIPE,
            check=True,
            cwd=Path(__file__).resolve().parents[2],
        )
        return np.frombuffer(done.stdout, dtype="<i8").reshape(self._count, len(slots)).astype(np.int64)


def compute(wanted: dict[str, Any]) -> WattHourArray:
    """Return the net Wh of a block of slots, homes times slots."""
    import pandas as pd

    seed, place = int(wanted["seed"]), Place(**wanted["place"])
    first, after = int(wanted["first"]), int(wanted["after"])
    # Whole days: chance is drawn day by day, so that a block's borders never show.
    first_day, last_day = first // SLOTS_PER_DAY, -(-after // SLOTS_PER_DAY)
    times = pd.date_range(
        slot_start(first_day * SLOTS_PER_DAY), periods=(last_day - first_day) * SLOTS_PER_DAY, freq="15min"
    )
    days = range(first_day, last_day)
    margin = pd.Timedelta(days=1)  # a home's rhythm is shifted by some slots: what comes in stands here
    profile = _average_load(pd.date_range(times[0] - margin, times[-1] + margin, freq="15min"), place)
    sky = _Sky(times, place, _cloud_factor(seed, days))
    rows = []
    for index, household in enumerate(households(seed, int(wanted["count"]))):
        load = _load(profile, household, seed, index, days)
        rows.append(np.rint(load - sky.pv_wh(household)).astype(np.int64))
    start = first - first_day * SLOTS_PER_DAY
    return np.stack(rows)[:, start : start + after - first]


def _average_load(times: "pd.DatetimeIndex", place: Place) -> FloatArray:
    """Return Wh per slot of a home that uses 1000 kWh a year: BDEW H0, dynamised, in local time."""
    local = times.tz_convert(place.time_zone).tz_localize(None)
    values = np.empty(len(times))
    for year in np.unique(local.year):
        chosen = local.year == year
        values[chosen] = _year_profile(int(year), place.country)[local[chosen].dayofyear - 1, _quarter(local[chosen])]
    return values


def _quarter(local: "pd.DatetimeIndex") -> "pd.Index[int]":
    return local.hour * 4 + local.minute // 15


@lru_cache(maxsize=4)
def _year_profile(year: int, country: str) -> FloatArray:
    import holidays
    from demandlib import bdew

    free = holidays.country_holidays(country, years=year)
    kilowatts = bdew.ElecSlp(year, holidays=dict(free)).get_scaled_power_profiles({"h0_dyn": 1000})["h0_dyn"]
    return np.asarray(kilowatts).reshape(-1, SLOTS_PER_DAY) * 250


def _normal(key: list[int], days: range, per_day: int, width: int) -> FloatArray:
    """Return smooth standard-normal noise, `per_day` values a day, each a mean over `width` draws.

    Every day has its own draws, and a mean reaches back into the day before: no seam between days or
    blocks.
    """
    before = -(-width // per_day)
    draws = np.concatenate(
        [np.random.default_rng([*key, day]).standard_normal(per_day) for day in range(days.start - before, days.stop)]
    )
    smooth = np.convolve(draws, np.ones(width) / np.sqrt(width), mode="valid")
    return smooth[-len(days) * per_day :]


def _load(profile: FloatArray, household: Household, seed: int, index: int, days: range) -> FloatArray:
    """Return a home's load in Wh per slot."""
    day_factor = np.exp(household.day_sigma * _normal([seed, 3, index], days, 1, 3)).repeat(SLOTS_PER_DAY)
    slow = 0.8 * household.slot_sigma * _normal([seed, 4, index], days, SLOTS_PER_DAY, 6)
    quick = 0.5 * household.slot_sigma * _normal([seed, 5, index], days, SLOTS_PER_DAY, 1)
    noise = np.exp(slow + quick - household.slot_sigma**2 * 0.445)  # a mean of 1: (0.8^2 + 0.5^2) / 2
    shifted = np.roll(profile, household.shift_slots)[SLOTS_PER_DAY:-SLOTS_PER_DAY]
    load = household.annual_kwh / 1000 * shifted * day_factor * noise
    for position, day in enumerate(days):
        rng = np.random.default_rng([seed, 6, index, day])
        for _ in range(rng.poisson(1.2)):
            start = int(np.clip(rng.normal(68, 14), 0, SLOTS_PER_DAY - 6))
            length = int(rng.integers(2, 6))
            begin = position * SLOTS_PER_DAY + start
            load[begin : begin + length] += household.appliance_w / 4 * rng.uniform(0.4, 1.0)
    return load


def _cloud_factor(seed: int, days: range) -> FloatArray:
    """Return the share of clear-sky light per slot, the same for the whole street.

    A slow hidden weather decides the day between dull (0.25) and clear (1); the less clear, the more it
    flickers between quarter-hours.
    """
    latent = _normal([seed, 7], days, 1, 2)
    clear = (0.25 + 0.75 / (1 + np.exp(-2.2 * latent))).repeat(SLOTS_PER_DAY)
    flicker = 0.35 * (1.1 - clear) * _normal([seed, 8], days, SLOTS_PER_DAY, 3)
    return np.clip(clear * (1 + flicker), 0.08, 1.0)


class _Sky:
    """Light on the street, from pvlib's sun position and clear-sky model."""

    def __init__(self, times: "pd.DatetimeIndex", place: Place, cloud_factor: FloatArray) -> None:
        import pandas as pd
        import pvlib

        middle = times + pd.Timedelta(minutes=7.5)
        location = pvlib.location.Location(place.latitude, place.longitude)
        self._sun = location.get_solarposition(middle)
        clear = location.get_clearsky(middle, model="haurwitz", solar_position=self._sun)
        self._ghi = clear["ghi"] * cloud_factor
        self._parts = pvlib.irradiance.erbs(self._ghi, self._sun["zenith"], middle)
        self._irradiance = pvlib.irradiance.get_total_irradiance

    def pv_wh(self, household: Household) -> FloatArray:
        """Return the PV yield of a home in Wh per slot."""
        if household.pv_peak_w == 0:
            return np.zeros(len(self._ghi))
        plane = self._irradiance(
            household.tilt,
            household.azimuth % 360,
            self._sun["apparent_zenith"],
            self._sun["azimuth"],
            self._parts["dni"],
            self._ghi,
            self._parts["dhi"],
        )["poa_global"].fillna(0.0)
        per_peak = np.clip(np.asarray(plane) / 1000 * SYSTEM_EFFICIENCY, 0, 1)
        return per_peak * household.pv_peak_w / 4


if __name__ == "__main__":
    sys.stdout.buffer.write(compute(json.load(sys.stdin)).astype("<i8").tobytes())
