"""A community's day from signed readings to a settlement run, built in memory, and its case files.

Ann's roof feeds in, Ben buys some of it, and the feeder meter belongs to nobody. One of Ben's readings was
lost, one of Ann's slots is held, and her meter is mounted the other way round.
"""

import json
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import grid.pricing
from grid.domain import entries, merkle, notes, ocmf, profile, tariffs
from grid.domain.casefile import (
    ChainPart,
    EntryPart,
)
from grid.domain.entries import DecisionKind, EntryKind, LeafKind, Mode, Suite
from grid.domain.registers import Channel, Reading, SlotEnergy, slot_energies
from grid.domain.slots import SLOT_SECONDS, slots_of_day
from grid.domain.statements import LocalFill, Metered, PointDay, RunResult, SlotPrices, SystemAccounts, build_run

DAY = 20_000
SLOTS = slots_of_day(DAY)
ZONE = bytes(16) + sha256(b"zone").digest()[:16]
ORIGIN = "watt.example/log"
LOG_SEED = sha256(b"log").digest()
LOG_KEY = notes.verifier_key(ORIGIN, Ed25519PrivateKey.from_private_bytes(LOG_SEED).public_key().public_bytes_raw())
SEQ = 4
ANCHORED_AT = 1_728_086_460
TRADED = range(44, 52)
HELD = 47
RECORD_SLOTS = 24
MODULUS = 10**9
CHAIN = ChainPart(chain_id=31337, record_anchor=b"\xaa" * 20, settlement=b"\xbb" * 20)
ZERO = bytes(32)


def secret(name: str) -> bytes:
    return sha256(f"log key of {name}".encode()).digest()


class Log:
    """The log in memory: entries in order, each salted with its owner's key."""

    def __init__(self) -> None:
        self.kinds: list[EntryKind] = []
        self.data: list[bytes] = []

    def append(self, kind: EntryKind, owner: str, **fields: entries.Value) -> int:
        index = len(self.data)
        self.kinds.append(kind)
        self.data.append(entries.encode(kind, fields, entries.salt(secret(owner), kind.name, position=index)))
        return index

    def part(self, index: int, tree: merkle.MerkleTree) -> EntryPart:
        return EntryPart(index, self.kinds[index], self.data[index], tree.inclusion_proof(index))


@dataclass
class Home:
    """A metering point and its meter."""

    name: str
    suite: Suite
    load_wh: int
    sun_wh: int
    reversed: bool = False
    lost_border: int | None = None
    key: int = 0
    binding: int = 0
    texts: dict[int, str] = field(default_factory=dict)
    readings: list[Reading] = field(default_factory=list)
    intervals: list[int] = field(default_factory=list)
    energies: list[SlotEnergy] = field(default_factory=list)
    registers: dict[int, bytes] = field(default_factory=dict)

    @property
    def point(self) -> bytes:
        return bytes(16) + sha256(self.name.encode()).digest()[:16]

    @property
    def account(self) -> bytes:
        return sha256(f"account of {self.name}".encode()).digest()[:20]

    @property
    def serial(self) -> str:
        return f"CW-{self.name}-001"

    @property
    def serial_hash(self) -> bytes:
        return sha256(self.serial.encode()).digest()

    @property
    def private_key(self) -> int:
        return int.from_bytes(sha256(self.name.encode()).digest(), "big") >> 8

    @property
    def public_key(self) -> bytes:
        return ocmf.public_key_bytes(self.suite, self.private_key)

    @property
    def channel(self) -> Channel:
        return Channel(modulus_wh=MODULUS, max_wh_per_slot=10_000, reversed=self.reversed)

    def borders(self) -> list[tuple[int, int, int]]:
        """The meter's own registers at the day's 97 borders; Ann's roll over in the morning."""
        imported, exported = MODULUS - 500, 70_000
        values = []
        for offset in range(97):
            values.append((SLOTS[0] * SLOT_SECONDS + offset * SLOT_SECONDS, imported % MODULUS, exported))
            used, made = self.load_wh + offset % 7, self.sun_wh if 30 <= offset < 70 else 0
            steps = (max(0, used - made), max(0, made - used))
            imported, exported = imported + steps[self.reversed], exported + steps[not self.reversed]
        return [value for offset, value in enumerate(values) if offset != self.lost_border]


@dataclass
class Day:
    """Everything the platform knows at the end of the day."""

    log: Log
    homes: dict[str, Home]
    profile: dict[str, Any]
    profile_hash: bytes
    tariff: int
    tariff_leaves: list[bytes]
    auctions: dict[int, int]
    fills: dict[int, list[bytes]]
    run: RunResult
    prices: list[SlotPrices]


def _write_readings(log: Log, home: Home) -> None:
    """Send the day in records of 24 slots; neighbouring records share no border."""
    borders = home.borders()
    previous = None
    for counter, start in enumerate(range(0, len(borders), RECORD_SLOTS), start=1):
        registers = borders[start : start + RECORD_SLOTS]
        payload = ocmf.build_payload(serial=home.serial, counter=counter, registers=registers, previous=previous)
        signature = ocmf.sign(payload, suite=home.suite, private_key=home.private_key)
        text = ocmf.render(payload, suite=home.suite, signature=signature)
        previous = sha256(text.encode()).digest()
        index = log.append(
            EntryKind.READING,
            home.name,
            envelopeSha256=previous,
            point=home.point,
            counter=counter,
            receivedAt=registers[-1][0] + 5,
        )
        home.texts[index] = text
        home.readings += [Reading(at, imported, exported, True, index) for at, imported, exported in registers]


def _close_slots(log: Log, home: Home) -> None:
    home.energies = slot_energies(home.readings, SLOTS, home.channel)
    for energy in home.energies:
        fields: dict[str, entries.Value] = {
            "importStart": energy.import_start,
            "importEnd": energy.import_end,
            "exportStart": energy.export_start,
            "exportEnd": energy.export_end,
            "modulus": MODULUS,
            "meterStart": home.serial_hash,
            "meterEnd": home.serial_hash,
            "readingStart": energy.reading_start,
            "readingEnd": energy.reading_end,
            "interpolated": energy.interpolated,
        }
        salt = entries.salt(secret(home.name), "REGISTERS", tree=home.point, position=energy.slot)
        opened = entries.encode(LeafKind.REGISTERS, fields, salt)
        index = log.append(
            EntryKind.INTERVAL,
            home.name,
            point=home.point,
            slot=energy.slot,
            importWh=energy.import_wh,
            exportWh=energy.export_wh,
            quality=int(energy.quality),
            version=0,
            supersedes=None,
            bindingIndex=home.binding,
            registersCommitment=merkle.leaf_hash(opened),
        )
        home.intervals.append(index)
        home.registers[index] = opened


def _join(log: Log, home: Home) -> None:
    """Register the meter's key and bind the point to meter and account."""
    home.key = log.append(
        EntryKind.KEY,
        home.name,
        meterSerialHash=home.serial_hash,
        publicKeyHash=sha256(home.public_key).digest(),
        suite=int(home.suite),
        fromCounter=1,
        toCounter=None,
    )
    home.binding = log.append(
        EntryKind.BINDING,
        home.name,
        point=home.point,
        zone=ZONE,
        account=bytes(20) if home.name == "feeder" else home.account,
        meterSerialHash=home.serial_hash,
        reversed=home.reversed,
        multiplierNum=1,
        multiplierDen=1,
        fromDay=DAY - 5,
        toDay=None,
        prevBinding=None,
        coSignatureHash=sha256(b"signature").digest(),
    )


def _decide(log: Log, kind: DecisionKind, slot: int, value: int = 0) -> int:
    return log.append(
        EntryKind.DECISION,
        "zone",
        decisionKind=int(kind),
        zone=ZONE,
        slot=slot,
        version=0,
        value=value,
        inputLogSize=len(log.data),
        contentHash=sha256(b"{}").digest(),
    )


def _hold_auction(log: Log, homes: dict[str, Home], slot: int) -> tuple[int, list[bytes], dict[str, LocalFill]]:
    """Ann sells 90 Wh to Ben at 0.15."""
    leaves, fills = [], {}
    for position, (name, side) in enumerate((("ann", 1), ("ben", 0))):
        order_hash = sha256(f"{name} {slot}".encode()).digest()
        fields: dict[str, entries.Value] = {
            "orderHash": order_hash,
            "point": homes[name].point,
            "side": side,
            "quantityWh": 90,
            "price": 150_000,
        }
        tree = entries.auction_tree(ZONE, slot)
        salt = entries.salt(secret(name), "FILL", tree=tree, position=position)
        leaves.append(entries.encode(LeafKind.FILL, fields, salt))
        fills[name] = LocalFill(order_hash, position, 0 if side else 90, 90 if side else 0)
    index = log.append(
        EntryKind.AUCTION,
        "zone",
        zone=ZONE,
        slot=slot,
        mode=0,
        price=150_000,
        ordersRoot=merkle.EMPTY_ROOT,
        fillsRoot=merkle.root([merkle.leaf_hash(leaf) for leaf in leaves]),
        fillCount=2,
    )
    return index, leaves, fills


@cache
def day() -> Day:
    """Run the whole day once."""
    log = Log()
    homes = {
        "ann": Home("ann", Suite.P256, 60, 400, reversed=True),
        "ben": Home("ben", Suite.SECP256K1, 110, 0, lost_border=46),
        "feeder": Home("feeder", Suite.P256, 150, 0),
    }
    document = json.loads((Path(grid.pricing.__path__[0]) / "profiles/demo.json").read_text())
    system = SystemAccounts(b"\x51" * 20, b"\x52" * 20, b"\x53" * 20, b"\x54" * 20)
    names = ("supplier", "fee", "dust", "balancing")
    document["system_accounts"] = {name: "0x" + getattr(system, name).hex() for name in names}
    rules = profile.parse(document)
    log.append(EntryKind.PROFILE, "zone", profileHash=rules.hash, fromDay=DAY - 9)
    for home in homes.values():
        _join(log, home)
    slot_tariffs = rules.tariffs_of_day(DAY)
    lists = {
        "import_prices": [item.import_price for item in slot_tariffs],
        "export_prices": [item.export_price for item in slot_tariffs],
        "fee_prices": [item.fee_price for item in slot_tariffs],
    }
    leaves = tariffs.tariff_leaves(day=DAY, **lists)
    root = tariffs.tariff_tree(day=DAY, **lists).root
    tariff = log.append(EntryKind.TARIFF, "zone", zone=ZONE, day=DAY, tariffRoot=root)
    signals = {slot: _decide(log, DecisionKind.PRICE, slot, 140_000) for slot in SLOTS}
    auctions, fill_leaves = {}, {}
    fills: dict[str, dict[int, LocalFill]] = {"ann": {}, "ben": {}}
    for slot in (SLOTS[offset] for offset in TRADED):
        auctions[slot], fill_leaves[auctions[slot]], matched = _hold_auction(log, homes, slot)
        for name, fill in matched.items():
            fills[name][slot] = fill
    for home in homes.values():
        _write_readings(log, home)
        _close_slots(log, home)
    holds = {"ann": {SLOTS[HELD]: _decide(log, DecisionKind.HOLD, SLOTS[HELD])}, "ben": {}}
    prices = [
        SlotPrices(
            local_price=150_000 if slot in auctions else 140_000,
            tariff_index=tariff,
            fee_price=item.fee_price,
            import_price=item.import_price,
            export_price=item.export_price,
            price_index=signals[slot],
            auction_index=auctions.get(slot),
        )
        for slot, item in zip(SLOTS, slot_tariffs, strict=True)
    ]
    keys = {home.point: secret(home.name) for home in homes.values()}
    run = build_run(
        zone=ZONE,
        day=DAY,
        sequence=0,
        mode=Mode.EX_ANTE,
        points=[
            PointDay(
                home.point,
                home.account,
                [
                    Metered(energy.import_wh, energy.export_wh, index)
                    for energy, index in zip(home.energies, home.intervals, strict=True)
                ],
                fills[home.name],
                holds[home.name],
            )
            for home in (homes["ann"], homes["ben"])
        ],
        prices=prices,
        feeder_wh=[energy.import_wh - energy.export_wh for energy in homes["feeder"].energies],
        system=system,
        point_key=keys.__getitem__,
        header_key=secret("zone"),
    )
    return Day(log, homes, document, rules.hash, tariff, leaves, auctions, fill_leaves, run, prices)
