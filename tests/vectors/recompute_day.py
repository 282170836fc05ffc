"""A day with everything a claim can be about: its log, its honest run, and runs that say something else.

Alice has a roof that sells and a barn that uses, Bob buys, Carol's meter is mounted the other way round and counts
double, and the loft has just become Dave's. Every entry that a run of the day may cite stands in one block of the log;
`base` puts that block anywhere into a log of any size, whose other subtrees are hashes of a seed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric import ec

from grid.domain import entries, merkle, tariffs
from grid.domain.entries import DecisionKind, EntryKind, LeafKind, Mode, Value
from grid.domain.keccak import keccak256
from grid.domain.mandates import MandateWish
from grid.domain.registers import Quality
from grid.domain.slots import SLOT_SECONDS, SLOTS_PER_DAY, slots_of_day
from grid.domain.statements import LocalFill, Metered, PointDay, SlotPrices, SystemAccounts
from tests.vectors.sparse_log import Log, secret

DAY = 25_001
SLOTS = slots_of_day(DAY)
DAY_START = DAY * 86_400
DAY_END = DAY_START + 86_400
ZONE = bytes(16) + keccak256(b"zone")[:16]
PROFILE_HASH = keccak256(b"profile")
TRADED = range(40, 56)
HELD = (44, 45)
LATE = 60
OTHER_MODULUS = 10**6
LOCAL, FEE, IMPORT, EXPORT, SIGNAL = 180_000, 30_000, 300_000, 80_000, 175_000
NIGHT_IMPORT = 240_000


def person(name: str) -> bytes:
    """Address of the key keccak("test key of NAME"), as the contract tests have it."""
    number = int.from_bytes(keccak256(f"test key of {name}".encode()), "big")
    public = ec.derive_private_key(number, ec.SECP256K1()).public_key().public_numbers()
    return keccak256(public.x.to_bytes(32, "big") + public.y.to_bytes(32, "big"))[12:]


SYSTEM = SystemAccounts(*(person(name) for name in ("supplier", "fee", "dust", "balancing")))


def word(name: str) -> bytes:
    return bytes(16) + sha256(name.encode()).digest()[:16]


def noise(chance: int, label: str, below: int) -> int:
    """A number that chance and label give; 0 without chance."""
    return int.from_bytes(sha256(f"{chance} {label}".encode()).digest(), "big") % below if chance else 0


@dataclass(frozen=True)
class Home:
    """A metering point: its account, its meter's direction and multiplier, its load and sun in Wh a slot."""

    name: str
    owner: str
    load_wh: int
    sun_wh: int
    reversed: bool = False
    multiplier: int = 1

    @property
    def point(self) -> bytes:
        return word(f"point {self.name}")

    @property
    def account(self) -> bytes:
        return person(self.owner)

    @property
    def serial_hash(self) -> bytes:
        return sha256(f"meter of {self.name}".encode()).digest()

    def energy(self, place: int, chance: int) -> tuple[int, int]:
        """Import and export of a slot."""
        used = 2 * (self.load_wh // 2 + place % 7 + noise(chance, f"{self.name} {place}", 50))
        made = self.sun_wh if 30 <= place < 70 else 0
        return max(0, used - made), max(0, made - used)


HOMES = {
    home.name: home
    for home in (
        Home("roof", "alice", 60, 900),
        Home("barn", "alice", 30, 0),
        Home("flat", "bob", 220, 0),
        Home("shed", "carol", 40, 90, reversed=True, multiplier=2),
        Home("loft", "dave", 80, 300),
    )
}


@dataclass
class Auction:
    """An AUCTION entry with its fill leaves, and who got which fill."""

    index: int
    price: int
    leaves: list[bytes]
    fills: dict[str, LocalFill]


@dataclass
class Known:
    """The log and where everything stands in it; `extra` are entries that only dishonest runs cite."""

    mode: Mode
    chance: int
    log: Log
    bindings: dict[str, int] = field(default_factory=dict)
    intervals: dict[tuple[str, int], int] = field(default_factory=dict)
    registers: dict[int, bytes] = field(default_factory=dict)
    signals: dict[int, int] = field(default_factory=dict)
    auctions: dict[int, Auction] = field(default_factory=dict)
    holds: dict[int, int] = field(default_factory=dict)
    tariff: int = 0
    tariff_leaves: list[bytes] = field(default_factory=list)
    extra: dict[str, int] = field(default_factory=dict)
    extra_auctions: dict[str, Auction] = field(default_factory=dict)
    sizes: list[int] = field(default_factory=list)


def wish(name: str, *, follow_signal: bool = False) -> MandateWish:
    """The mandate behind the orders of Alice (sells) and Bob (buys)."""
    return MandateWish(
        account=person(name),
        valid_from_day=DAY - 10,
        valid_to_day=DAY + 355,
        cap_per_day=100 * 10**6,
        buy_ceiling=240_000 if name == "bob" else 0,
        sell_floor=100_000 if name == "alice" else 0,
        follow_signal=follow_signal,
        max_buy_wh_per_day=20_000,
        max_sell_wh_per_day=20_000,
        nonce=7,
        deadline=DAY_START,
    )


def order(name: str, slot: int, *, follow_signal: bool = False) -> tuple[MandateWish, int, int, int]:
    """Mandate, side, limit price and quantity of an order of a slot."""
    mandate = wish(name, follow_signal=follow_signal)
    return (mandate, 0, 235_000, 200) if name == "bob" else (mandate, 1, 110_000, 200)


def order_hash(name: str, slot: int, *, follow_signal: bool = False) -> bytes:
    mandate, side, limit, quantity = order(name, slot, follow_signal=follow_signal)
    return entries.mandate_order_hash(
        mandate=mandate.struct_hash,
        point=HOMES["flat" if name == "bob" else "roof"].point,
        slot=slot,
        side=side,
        limit_price=limit,
        quantity_wh=quantity,
    )


def hold_auction(known: Known, slot: int, *, price: int | None = None, follow_signal: bool = False,
                 zone: bytes = ZONE) -> Auction:  # fmt: skip
    """Alice's roof sells to Bob's flat; a second pair of fills of strangers stands beside them."""
    if price is None:
        price = LOCAL + (noise(known.chance, f"price {slot}", 20_000) if known.mode is Mode.EX_ANTE else 0)
    quantity = 180 + noise(known.chance, f"quantity {slot}", 60)
    leaves, fills = [], {}
    parties = (("alice", "roof", 1), ("bob", "flat", 0), ("x", "far roof", 1), ("y", "far flat", 0))
    for position, (name, home, side) in enumerate(parties):
        own = home in HOMES
        hashed = order_hash(name, slot, follow_signal=follow_signal) if own else sha256(home.encode()).digest()
        fields: dict[str, Value] = {
            "orderHash": hashed,
            "point": HOMES[home].point if own else word(home),
            "side": side,
            "quantityWh": quantity,
            "price": price,
        }
        salt = entries.salt(secret(home), "FILL", tree=entries.auction_tree(zone, slot), position=position)
        leaves.append(entries.encode(LeafKind.FILL, fields, salt))
        if own:
            fills[home] = LocalFill(hashed, position, 0 if side else quantity, quantity if side else 0)
    fields = {
        "zone": zone,
        "slot": slot,
        "mode": int(known.mode),
        "price": price,
        "ordersRoot": sha256(b"orders").digest(),
        "fillsRoot": merkle.root([merkle.leaf_hash(leaf) for leaf in leaves]),
        "fillCount": len(leaves),
    }
    return Auction(known.log.append(EntryKind.AUCTION, "zone", fields), price, leaves, fills)


def decide(known: Known, kind: DecisionKind, slot: int, *, value: int = 0, zone: bytes = ZONE) -> int:
    fields: dict[str, Value] = {
        "decisionKind": int(kind),
        "zone": zone,
        "slot": slot,
        "version": 0,
        "value": value,
        "inputLogSize": 1,
        "contentHash": sha256(b"{}").digest(),
    }
    return known.log.append(EntryKind.DECISION, "zone", fields)


def bind(known: Known, home: Home, **changes: Value) -> int:
    fields: dict[str, Value] = {
        "point": home.point,
        "zone": ZONE,
        "account": home.account,
        "meterSerialHash": home.serial_hash,
        "reversed": home.reversed,
        "multiplierNum": home.multiplier,
        "multiplierDen": 1,
        "fromDay": DAY - 5,
        "toDay": None,
        "prevBinding": None,
        "coSignatureHash": sha256(b"signature").digest(),
    }
    return known.log.append(EntryKind.BINDING, home.name, {**fields, **changes})


def close(known: Known, home: Home, place: int, *, rise: tuple[int, int] | None = None, **changes: Value) -> int:
    """Write the INTERVAL of a slot; `rise` are the registers' differences where they differ from its energy."""
    imported, exported = home.energy(place, known.chance)
    own = (exported, imported) if home.reversed else (imported, exported)
    up = rise or (own[0] // home.multiplier, own[1] // home.multiplier)
    start = (OTHER_MODULUS - 300 + place, 5_000 + place)
    registers: dict[str, Value] = {
        "importStart": start[0],
        "importEnd": (start[0] + up[0]) % OTHER_MODULUS,
        "exportStart": start[1],
        "exportEnd": start[1] + up[1],
        "modulus": OTHER_MODULUS,
        "meterStart": home.serial_hash,
        "meterEnd": home.serial_hash,
        "readingStart": 0,
        "readingEnd": 0,
        "interpolated": False,
    }
    salt = entries.salt(secret(home.name), "REGISTERS", tree=home.point, position=SLOTS[place])
    opened = entries.encode(LeafKind.REGISTERS, registers, salt)
    fields: dict[str, Value] = {
        "point": home.point,
        "slot": SLOTS[place],
        "importWh": imported,
        "exportWh": exported,
        "quality": int(Quality.VALID),
        "version": 0,
        "supersedes": None,
        "bindingIndex": known.bindings[home.name],
        "registersCommitment": merkle.leaf_hash(opened),
    }
    index = known.log.append(EntryKind.INTERVAL, home.name, {**fields, **changes})
    known.registers[index] = opened
    return index


@cache
def day(base: int = 1, mode: Mode = Mode.EX_ANTE, size: int | None = None, chance: int = 0) -> Known:
    """Write the log. `size` is the last checkpoint's, by default the block's end; `chance` stirs energy and prices."""
    known = Known(mode, chance, Log(base))
    log, signal = known.log, LOCAL if mode is Mode.EX_POST else SIGNAL
    known.extra["loft of carol"] = bind(known, HOMES["loft"], account=person("carol"))
    for home in HOMES.values():
        known.bindings[home.name] = bind(known, home)
    barn = HOMES["barn"]
    known.extra["barn's next meter"] = bind(known, barn, meterSerialHash=sha256(b"next").digest(), multiplierNum=40)
    known.extra["barn next week"] = bind(known, barn, account=person("carol"), fromDay=DAY + 7)
    known.extra["other zone"] = bind(known, replace(HOMES["barn"], name="attic"), zone=word("another zone"))
    lists = {
        "import_prices": [IMPORT if 28 <= place < 88 else NIGHT_IMPORT for place in range(SLOTS_PER_DAY)],
        "export_prices": [EXPORT] * SLOTS_PER_DAY,
        "fee_prices": [FEE] * SLOTS_PER_DAY,
    }
    known.tariff_leaves = tariffs.tariff_leaves(day=DAY, **lists)
    root = tariffs.tariff_tree(day=DAY, **lists).root
    known.tariff = log.append(EntryKind.TARIFF, "zone", {"zone": ZONE, "day": DAY, "tariffRoot": root})
    fields: dict[str, Value] = {"zone": ZONE, "day": DAY - 1, "tariffRoot": root}
    known.extra["tariff of another day"] = log.append(EntryKind.TARIFF, "zone", fields)
    known.sizes = [1, log.end]
    for place, slot in enumerate(SLOTS):
        if place != LATE:
            known.signals[slot] = decide(known, DecisionKind.PRICE, slot, value=signal)
    for slot in (SLOTS[place] for place in TRADED):
        known.auctions[slot] = hold_auction(known, slot)
    _write_odd_auctions(known)
    known.sizes.append(log.end)
    known.signals[SLOTS[LATE]] = decide(known, DecisionKind.PRICE, SLOTS[LATE], value=signal)
    known.extra_auctions["late"] = hold_auction(known, SLOTS[LATE], price=50_000)
    known.sizes.append(log.end)
    for place in HELD:
        known.holds[SLOTS[place]] = decide(known, DecisionKind.HOLD, SLOTS[place])
    known.extra["third hold"] = decide(known, DecisionKind.HOLD, SLOTS[46])
    known.extra["flag"] = decide(known, DecisionKind.FLAG, SLOTS[48])
    for home in HOMES.values():
        for place in range(SLOTS_PER_DAY):
            known.intervals[home.name, place] = close(known, home, place)
    _write_odd_intervals(known)
    known.sizes.append(size or log.end)
    known.extra["beyond"] = known.sizes[-1]
    return known


def _write_odd_auctions(known: Known) -> None:
    """Auctions that an honest run cites nowhere."""
    known.extra_auctions["dear"] = hold_auction(known, SLOTS[50], price=250_000)
    known.extra_auctions["cheap"] = hold_auction(known, SLOTS[51], price=95_000)
    known.extra_auctions["above the signal"] = hold_auction(known, SLOTS[52], price=200_000, follow_signal=True)
    known.extra_auctions["another zone"] = hold_auction(known, SLOTS[53], price=50_000, zone=word("another zone"))


def _write_odd_intervals(known: Known) -> None:
    """INTERVALs beside the first ones: a correction that counts, and some that an honest run does not cite."""
    flat, loft, shed = HOMES["flat"], HOMES["loft"], HOMES["shed"]
    imported = flat.energy(70, known.chance)[0]
    known.extra["superseded"] = known.intervals["flat", 70]
    known.intervals["flat", 70] = close(
        known,
        flat,
        70,
        rise=(imported - 50, 0),
        importWh=imported - 50,
        version=1,
        supersedes=known.extra["superseded"],
    )
    known.extra["same version, later"] = close(known, flat, 71, importWh=flat.energy(71, known.chance)[0] + 90)
    known.extra["more than its registers"] = close(known, flat, 72, importWh=flat.energy(72, known.chance)[0] + 60)
    known.extra["estimate"] = close(known, flat, 73, importWh=900, quality=int(Quality.ESTIMATED))
    known.extra["less than its registers"] = close(known, shed, 50, exportWh=1)
    for place in (20, 40):
        index = close(known, loft, place, bindingIndex=known.extra["loft of carol"])
        known.extra[f"bound to carol {place}"] = index


def prices(known: Known) -> list[SlotPrices]:
    """The prices of the honest run."""
    return [
        SlotPrices(
            local_price=known.auctions[slot].price if slot in known.auctions else 0,
            tariff_index=known.tariff,
            fee_price=FEE,
            import_price=IMPORT if 28 <= place < 88 else NIGHT_IMPORT,
            export_price=EXPORT,
            price_index=known.signals[slot] if place != LATE else None,
            auction_index=known.auctions[slot].index if slot in known.auctions else None,
        )
        for place, slot in enumerate(SLOTS)
    ]


def points(known: Known) -> list[PointDay]:
    """The inputs of the honest run."""
    return [
        PointDay(
            point=home.point,
            account=home.account,
            metered=[_metered(known, home, place) for place in range(SLOTS_PER_DAY)],
            fills={
                slot: auction.fills[home.name] for slot, auction in known.auctions.items() if home.name in auction.fills
            },
            holds={slot: known.holds[slot] for slot in known.holds} if home.name == "roof" else {},
        )
        for home in HOMES.values()
    ]


def _metered(known: Known, home: Home, place: int) -> Metered:
    index = known.intervals[home.name, place]
    fields = entries.decode(EntryKind.INTERVAL, known.log.leaf(index))
    imported, exported = fields["importWh"], fields["exportWh"]
    assert isinstance(imported, int)
    assert isinstance(exported, int)
    return Metered(imported, exported, index)


def block_time(seq: int) -> int:
    """When each checkpoint was anchored: the last one after the day, the late entries' after their slot began."""
    before = (DAY_START - 43_200, DAY_START - 39_600, DAY_START - 36_000)
    return (*before, SLOTS[LATE] * SLOT_SECONDS + 1, DAY_END + 600)[seq]


def checkpoint_roots(known: Known) -> Sequence[bytes]:
    return [merkle.root_of(size, known.log.node) for size in known.sizes]
