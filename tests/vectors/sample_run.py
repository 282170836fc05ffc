"""A small community's day that holds every case of a settlement run: the inputs of statements.json.

Three members with four metering points. Ann sells from her roof and has a second point in the barn, Ben
buys, Cleo buys and sells. Some fills are not met, some slots are held, some tariffs are negative.
"""

from hashlib import sha256
from typing import Any

from grid.domain.entries import Mode
from grid.domain.slots import slots_of_day
from grid.domain.statements import LocalFill, Metered, PointDay, SlotPrices, SystemAccounts

ZONE = bytes(16) + sha256(b"zone").digest()[:16]
DAY = 20_000
SEQUENCE = 0
SLOTS = slots_of_day(DAY)


def _word(name: str) -> bytes:
    return bytes(16) + sha256(name.encode()).digest()[:16]


def account(name: str) -> bytes:
    return sha256(f"account {name}".encode()).digest()[:20]


def point_key(point: bytes) -> bytes:
    return sha256(b"point key" + point).digest()


HEADER_KEY = sha256(b"zone key").digest()

SYSTEM = SystemAccounts(*(account(name) for name in ("supplier", "fee", "dust", "balancing")))


def _energy(offset: int, load: int, sun: int) -> tuple[int, int]:
    """Import and export of a slot in Wh: some load all day, some sun from 07:00 to 17:00."""
    used = load + (offset * 37) % 61
    made = max(0, sun - abs(offset - 48) * sun // 20) if sun else 0
    return max(0, used - made), max(0, made - used)


def _fill(name: str, offset: int, *, bought: int = 0, sold: int = 0) -> LocalFill:
    order_hash = sha256(f"order {name} {offset}".encode()).digest()
    return LocalFill(order_hash, {"ann": 0, "ben": 1, "cleo": 2}[name], bought, sold)


def points() -> list[PointDay]:
    fills: dict[str, dict[int, LocalFill]] = {"ann": {}, "ben": {}, "cleo": {}, "barn": {}}
    for offset in range(32, 64):
        ben, cleo = 70 + offset, 40
        fills["ben"][SLOTS[offset]] = _fill("ben", offset, bought=ben)
        if offset < 48:
            fills["cleo"][SLOTS[offset]] = _fill("cleo", offset, bought=cleo)
            fills["ann"][SLOTS[offset]] = _fill("ann", offset, sold=ben + cleo)
        else:
            fills["cleo"][SLOTS[offset]] = _fill("cleo", offset, sold=cleo)
            fills["ann"][SLOTS[offset]] = _fill("ann", offset, sold=ben - cleo)
    holds: dict[str, dict[int, int]] = {
        "ann": {SLOTS[40]: 9_001, SLOTS[41]: 9_002},
        "ben": {SLOTS[41]: 9_003, SLOTS[50]: 9_004},
        "cleo": {SLOTS[90]: 9_005},
        "barn": {},
    }
    shape = {"ann": (50, 400), "ben": (110, 0), "cleo": (60, 90), "barn": (25, 0)}
    owner = {"ann": "ann", "barn": "ann", "ben": "ben", "cleo": "cleo"}
    return [
        PointDay(
            point=_word(name),
            account=account(owner[name]),
            metered=[Metered(*_energy(offset, *shape[name]), 5_000 + offset * 4 + place) for offset in range(96)],
            fills=fills[name],
            holds=holds[name],
        )
        for place, name in enumerate(("ann", "ben", "cleo", "barn"))
    ]


def prices() -> list[SlotPrices]:
    """Night 0.24, day 0.30, and at noon a surplus: export and even import below zero."""
    noon = range(46, 52)
    return [
        SlotPrices(
            local_price=-4_001 if offset in noon else 123_457,
            tariff_index=4_000,
            fee_price=30_001,
            import_price=-9_999 if offset in (49, 50) else 300_000 if 28 <= offset < 88 else 240_000,
            export_price=-25_003 if offset in noon else 80_000,
            price_index=4_100 + offset,
            auction_index=4_200 + offset if 32 <= offset < 64 else None,
        )
        for offset in range(96)
    ]


def feeder_wh() -> list[int]:
    """What the feeder meter counts: the members' sum and a few Wh of losses."""
    return [
        sum(item.metered[offset].import_wh - item.metered[offset].export_wh for item in points()) + offset % 4
        for offset in range(96)
    ]


def inputs() -> dict[str, Any]:
    """Keyword arguments of `build_run`."""
    return {
        "zone": ZONE,
        "day": DAY,
        "sequence": SEQUENCE,
        "mode": Mode.EX_ANTE,
        "points": points(),
        "prices": prices(),
        "feeder_wh": feeder_wh(),
        "system": SYSTEM,
        "point_key": point_key,
        "header_key": HEADER_KEY,
    }
