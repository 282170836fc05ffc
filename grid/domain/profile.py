"""Jurisdiction profile: tariffs, fees, windows and limits as data, validated and hashed (PROTOCOL §2).

A profile is a JSON document of integers and strings. Its hash is the sha256 of its canonical form and
is posted with every run, so that nobody can later say that other prices or windows were agreed.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from grid.domain.entries import Mode
from grid.domain.slots import slot_start, slots_of_day
from grid.domain.units import PricePerKWh

SCHEMA = 1
SLOT_MINUTES = 15
DAY_MINUTES = 24 * 60
PRICE_LIMIT = 10**9
"""No price is further from zero than 1,000 currency units per kWh."""

MODES = {"ex_ante": Mode.EX_ANTE, "ex_post": Mode.EX_POST}

SYSTEM_ACCOUNTS = ("supplier", "fee", "dust", "balancing")
"""Rows that follow the members' rows of a run, in this order."""

_ADDRESS = re.compile(r"0x[0-9a-f]{40}")
_TIME = re.compile(r"(\d\d):(\d\d)")


class ProfileError(ValueError):
    """A profile document breaks the schema; the message names the field and what it must be."""


@dataclass(frozen=True, slots=True)
class Band:
    """A price for local times of day from `from_minute` to `to_minute` (exclusive)."""

    from_minute: int
    to_minute: int
    price: PricePerKWh


Bands = tuple[Band, ...]


@dataclass(frozen=True, slots=True)
class SlotTariff:
    """The supplier's prices and the local grid fee of one slot, micro-currency per kWh."""

    slot: int
    import_price: PricePerKWh
    export_price: PricePerKWh
    fee_price: PricePerKWh


@dataclass(frozen=True, slots=True)
class Windows:
    """Durations. Slots are 15 minutes, days 24 hours."""

    gate_lead_slots: int
    slot_grace_seconds: int
    challenge_window_seconds: int
    posting_lag_seconds: int
    hold_days: int


@dataclass(frozen=True, slots=True)
class Limits:
    """Ratios, counts and tolerances. A zone is in balance within
    `balance_tolerance_wh` plus `balance_tolerance_permille` of its throughput in the slot.
    """

    exposure_ratio: int
    minimum_membership: int
    holds_per_day: int
    balance_tolerance_wh: int
    balance_tolerance_permille: int


@dataclass(frozen=True, slots=True)
class Profile:
    """A validated profile. `system_accounts` are 20-byte addresses in the order of SYSTEM_ACCOUNTS."""

    name: str
    currency: str
    time_zone: ZoneInfo
    mode: Mode
    import_bands: Bands
    export_bands: Bands
    fee_bands: Bands
    windows: Windows
    limits: Limits
    system_accounts: tuple[bytes, ...]
    hash: bytes

    def tariff(self, slot: int) -> SlotTariff:
        """Return the prices of a slot; the local wall clock at its start chooses the bands."""
        local = slot_start(slot).astimezone(self.time_zone)
        minute = local.hour * 60 + local.minute
        return SlotTariff(
            slot=slot,
            import_price=_price_at(self.import_bands, minute),
            export_price=_price_at(self.export_bands, minute),
            fee_price=_price_at(self.fee_bands, minute),
        )

    def tariffs_of_day(self, day: int) -> list[SlotTariff]:
        """Return the prices of the 96 slots of a UTC day."""
        return [self.tariff(slot) for slot in slots_of_day(day)]


def _price_at(bands: Bands, minute: int) -> PricePerKWh:
    return next(band.price for band in bands if band.from_minute <= minute < band.to_minute)


def canonical(document: Mapping[str, Any]) -> bytes:
    """Return the bytes that are hashed: UTF-8, keys sorted, no white space."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode()


def profile_hash(document: Mapping[str, Any]) -> bytes:
    """Return sha256 of the canonical document."""
    return sha256(canonical(document)).digest()


def parse(document: Any) -> Profile:
    """Return the profile of a JSON document.

    Raises ProfileError that names the first field which is missing, unknown or wrong, and what it must be.
    """
    root = _Section("profile", document)
    schema = root.integer("schema", 0, PRICE_LIMIT)
    if schema != SCHEMA:
        raise ProfileError(f"profile.schema is {schema}; this version reads schema {SCHEMA}")
    root.text("note")
    tariffs, windows = root.section("tariffs"), root.section("windows")
    limits, accounts = root.section("limits"), root.section("system_accounts")
    profile = Profile(
        name=root.text("name"),
        currency=root.text("currency", r"[A-Z]{3}"),
        time_zone=_time_zone(root.text("time_zone")),
        mode=MODES[root.text("mode", "|".join(MODES))],
        import_bands=tariffs.bands("import", -PRICE_LIMIT),
        export_bands=tariffs.bands("export", -PRICE_LIMIT),
        fee_bands=tariffs.bands("fee", 0),
        windows=Windows(
            gate_lead_slots=windows.integer("gate_lead_slots", 1, 96),
            slot_grace_seconds=windows.integer("slot_grace_seconds", 0, 86_400),
            challenge_window_seconds=windows.integer("challenge_window_seconds", 3_600, 90 * 86_400),
            posting_lag_seconds=windows.integer("posting_lag_seconds", 3_600, 30 * 86_400),
            hold_days=windows.integer("hold_days", 1, 90),
        ),
        limits=Limits(
            exposure_ratio=limits.integer("exposure_ratio", 1, 100),
            minimum_membership=limits.integer("minimum_membership", 2, 512),
            holds_per_day=limits.integer("holds_per_day", 0, 96 * 512),
            balance_tolerance_wh=limits.integer("balance_tolerance_wh", 0, 10**6),
            balance_tolerance_permille=limits.integer("balance_tolerance_permille", 0, 1000),
        ),
        system_accounts=tuple(accounts.address(name) for name in SYSTEM_ACCOUNTS),
        hash=profile_hash(document),
    )
    for section in (root, tariffs, windows, limits, accounts):
        section.check_unknown()
    if len(set(profile.system_accounts)) < len(SYSTEM_ACCOUNTS):
        raise ProfileError("profile.system_accounts must be four different addresses")
    return profile


def _time_zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ProfileError(f"profile.time_zone is {name!r}, not an IANA time zone such as Europe/Vienna") from None


class _Section:
    """One object of the document: typed reads that name the field, and what was never read."""

    def __init__(self, path: str, value: Any) -> None:
        if not isinstance(value, dict):
            raise ProfileError(f"{path} must be a JSON object")
        self.path, self.value = path, value
        self.known: set[str] = set()

    def _get(self, name: str) -> Any:
        self.known.add(name)
        if name not in self.value:
            raise ProfileError(f"{self.path}.{name} is missing")
        return self.value[name]

    def check_unknown(self) -> None:
        unknown = sorted(str(name) for name in set(self.value) - self.known)
        if unknown:
            raise ProfileError(f"{self.path}.{unknown[0]} is no field of schema {SCHEMA}: remove it")

    def section(self, name: str) -> "_Section":
        return _Section(f"{self.path}.{name}", self._get(name))

    def integer(self, name: str, low: int, high: int) -> int:
        value = self._get(name)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ProfileError(f"{self.path}.{name} is {value!r}; it must be a whole number from {low} to {high}")
        return value

    def text(self, name: str, pattern: str = r".{1,500}") -> str:
        value = self._get(name)
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise ProfileError(f"{self.path}.{name} is {value!r}; it must be a text like {pattern}")
        return value

    def address(self, name: str) -> bytes:
        value = self._get(name)
        if not isinstance(value, str) or not _ADDRESS.fullmatch(value) or int(value, 16) == 0:
            raise ProfileError(f"{self.path}.{name} is {value!r}; it must be 0x and 40 lower-case hex digits, not zero")
        return bytes.fromhex(value[2:])

    def minute(self, name: str) -> int:
        value = self._get(name)
        match = _TIME.fullmatch(value) if isinstance(value, str) else None
        hours, minutes = (int(part) for part in match.groups()) if match else (99, 0)
        minute = hours * 60 + minutes
        if minutes > 59 or minute > DAY_MINUTES or minute % SLOT_MINUTES:
            raise ProfileError(f"{self.path}.{name} is {value!r}; it must be a quarter hour, 00:00 to 24:00")
        return minute

    def bands(self, name: str, lowest: int) -> Bands:
        """Bands that cover 00:00 to 24:00 in order, without hole or overlap."""
        path, value = f"{self.path}.{name}", self._get(name)
        if not isinstance(value, list) or not value:
            raise ProfileError(f"{path} must be a list of bands, at least one")
        bands: list[Band] = []
        expected = 0
        for position, item in enumerate(value):
            section = _Section(f"{path}[{position}]", item)
            start, end = section.minute("from"), section.minute("to")
            price = PricePerKWh(section.integer("price", lowest, PRICE_LIMIT))
            section.check_unknown()
            if start != expected or end <= start:
                raise ProfileError(
                    f"{path}[{position}] goes from {item['from']} to {item['to']}; "
                    f"it must begin at {expected // 60:02d}:{expected % 60:02d} and end later"
                )
            bands.append(Band(start, end, price))
            expected = end
        if expected != DAY_MINUTES:
            raise ProfileError(f"{path} ends at {expected // 60:02d}:{expected % 60:02d} instead of 24:00")
        return tuple(bands)
