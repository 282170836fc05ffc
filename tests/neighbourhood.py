"""Days of energy, prices, trades and a settled run for the people of `tests.factories`.

Rows as the steps before the pages would have written them: Alice's intervals and the auctions stand in the
log, neighbours' rows cite entries that are there for somebody else. Cleared and settled by the reference
model of `grid.domain`.
"""

import math
import random
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256

from django.db import transaction

from grid.chain.models import Block, ChainTx, ChainTxState
from grid.domain import clearing
from grid.domain.entries import EntryKind, Mode
from grid.domain.signers import address_bytes, address_text
from grid.domain.slots import SLOTS_PER_DAY, date_of_day, day_of, month_of_day, slot_start, slots_of_day
from grid.domain.statements import LocalFill, Metered, PointDay, SlotPrices, SystemAccounts, build_run
from grid.domain.units import PricePerKWh, WattHours
from grid.forecasts.models import ForecastPoint, ForecastRun, ForecastState, Target
from grid.market.models import Auction, Fill, Mandate, Order, OrderState, Side
from grid.metering.models import Interval, MeteringPoint, SlotClose
from grid.pricing.models import PriceSignal, Profile, TariffDay
from grid.records.models import Checkpoint
from grid.records.queries import log_size, root_of
from grid.records.services import NewEntry, append
from grid.records.services.keys import keys_for
from grid.sentinel.models import Flag, Hold, Rule
from grid.settlement.models import PointStatement, RunRow, RunState, SettlementRun
from grid.settlement.queries.statements import pack_leaves, seal_lines
from tests import factories
from tests.factories import NOW, TODAY, Home, People

IMPORT, EXPORT, FEE = 300_000, 80_000, 30_000
SLOT_NOW = int(NOW.timestamp()) // 900
GATE = 4

Energy = dict[int, tuple[int, int]]


@dataclass
class Neighbourhood:
    """Alice's zone with energy: import and export Wh by point and slot."""

    people: People
    homes: list[Home]
    energy: dict[MeteringPoint, Energy] = field(default_factory=dict)
    mandates: dict[str, Mandate] = field(default_factory=dict)
    prices: dict[int, int] = field(default_factory=dict)
    run: SettlementRun | None = None


def build(*, days: int = 2, neighbours: int = 7) -> Neighbourhood:
    """Alice's zone with `days` of the past, today until NOW, and prices until tomorrow night."""
    people = factories.people()
    suns = (0, 2_400, 0, 0, 3_000, 0, 0)
    homes = [people.home] + [
        factories.home(people.zone, f"Sonnengasse {14 + 2 * at}", pv_peak_w=suns[at % len(suns)])
        for at in range(neighbours)
    ]
    made = Neighbourhood(people, homes)
    first = (TODAY - days) * SLOTS_PER_DAY
    for seed, home in enumerate(homes):
        made.energy[home.point] = _profile(home, random.Random(seed), range(first, SLOT_NOW + 2 * SLOTS_PER_DAY))
    with transaction.atomic():
        _measure(made, range(first, SLOT_NOW))
        _forecast(made, range((TODAY - 1) * SLOTS_PER_DAY, (TODAY + 2) * SLOTS_PER_DAY))
        _price(made, range((TODAY - 1) * SLOTS_PER_DAY, (TODAY + 2) * SLOTS_PER_DAY))
        _trade(made, range((TODAY - 1) * SLOTS_PER_DAY, SLOT_NOW + GATE))
        _checkpoints(made)
        made.run = _settle(made, TODAY - 1)
        _flag(made)
    return made


def _profile(home: Home, dice: random.Random, slots: range) -> Energy:
    """Import and export of a home: breakfast and evening peaks, sun around noon, some weather."""
    energy: Energy = {}
    base = dice.randint(60, 130)
    weather = 0.8
    for slot in slots:
        hour = (slot % SLOTS_PER_DAY) / 4 + 2
        if slot % SLOTS_PER_DAY == 0:
            weather = dice.uniform(0.55, 1.0)
        habit = sum(
            height * math.exp(-((hour - peak) ** 2) / width)
            for height, peak, width in ((90, 7.5, 3), (110, 13, 9), (190, 19.5, 7))
        )
        use = int(base + habit * dice.uniform(0.6, 1.4) + (300 if dice.random() < 0.03 else 0))
        height = max(0.0, math.sin(math.pi * (hour - 5) / 16)) if 5 < hour < 21 else 0.0
        sun = int(home.point.pv_peak_w / 4 * 0.78 * height**1.4 * weather * dice.uniform(0.85, 1.0))
        energy[slot] = (max(0, use - sun), max(0, sun - use))
    return energy


def _interval_entry(point: MeteringPoint, slot: int, energy: tuple[int, int]) -> NewEntry:
    return NewEntry(
        kind=EntryKind.INTERVAL,
        fields={
            "point": point.word,
            "slot": slot,
            "importWh": energy[0],
            "exportWh": energy[1],
            "quality": 0,
            "version": 0,
            "supersedes": None,
            "bindingIndex": 0,
            "registersCommitment": bytes(32),
        },
        scope=point.id,
        period=month_of_day(day_of(slot)),
    )


def _measure(made: Neighbourhood, slots: range) -> None:
    """Close the slots: Alice's in the log, everybody's as rows, the feeder's as their sum."""
    alice = made.people.home.point
    indices = append(
        entries=[_interval_entry(alice, slot, made.energy[alice][slot]) for slot in slots], now=NOW - timedelta(hours=1)
    )
    index_of = dict(zip(slots, indices, strict=True))
    rows = []
    for slot in slots:
        known = slot_start(slot + 1) + timedelta(minutes=10)
        net = sum(energy[slot][0] - energy[slot][1] for energy in made.energy.values())
        parts = {point: energy[slot] for point, energy in made.energy.items()}
        parts[made.people.feeder] = (max(0, net), max(0, -net))
        rows += [
            Interval(
                point=point,
                slot=slot,
                import_wh=imported,
                export_wh=exported,
                quality=0,
                log_index=index_of[slot],
                known_at=known,
            )
            for point, (imported, exported) in parts.items()
        ]
    Interval.objects.bulk_create(rows, batch_size=5000)
    SlotClose.objects.create(zone=made.people.zone, next_slot=slots.stop)


def _forecast(made: Neighbourhood, slots: range) -> None:
    """One finished run per series and day: the zone's totals and Alice's home."""
    dice = random.Random(7)
    for point in (None, made.people.home.point):
        for target, at in ((Target.IMPORT, 0), (Target.EXPORT, 1)):
            run = ForecastRun.objects.create(
                zone=made.people.zone,
                point=point,
                target=target,
                cutoff=slot_start(slots.start) - timedelta(hours=6),
                from_slot=slots.start,
                to_slot=slots.stop,
                model="prophet-1",
                state=ForecastState.DONE,
                log_index=1,
                created_at=slot_start(slots.start) - timedelta(hours=6),
                finished_at=slot_start(slots.start) - timedelta(hours=6),
            )
            rows = []
            for slot in slots:
                known = slot if slot in next(iter(made.energy.values())) else slot - SLOTS_PER_DAY
                sources = [point] if point else list(made.energy)
                real = sum(made.energy[source][known][at] for source in sources)
                middle = int(real * dice.uniform(0.88, 1.1))
                rows.append(
                    ForecastPoint(
                        run=run, slot=slot, p10_wh=int(middle * 0.72), p50_wh=middle, p90_wh=int(middle * 1.3) + 20
                    )
                )
            ForecastPoint.objects.bulk_create(rows)


def _price(made: Neighbourhood, slots: range) -> None:
    """Tariffs of the days, and a price between them by expected supply and demand."""
    for day in range(day_of(slots.start), day_of(slots.stop - 1) + 1):
        TariffDay.objects.create(
            zone=made.people.zone,
            day=day,
            import_prices=[IMPORT] * SLOTS_PER_DAY,
            export_prices=[EXPORT] * SLOTS_PER_DAY,
            fee_prices=[FEE] * SLOTS_PER_DAY,
            root=bytes(32),
            log_index=1,
        )
    runs = {run.target: run for run in ForecastRun.objects.filter(zone=made.people.zone, point=None)}
    expected = {target: dict(run.points.values_list("slot", "p50_wh")) for target, run in runs.items()}
    rows = []
    for slot in slots:
        demand, supply = expected[Target.IMPORT][slot], expected[Target.EXPORT][slot]
        ratio = min(1000, 1000 * supply // max(1, demand))
        price = IMPORT * EXPORT * 1000 // ((IMPORT - EXPORT) * ratio + EXPORT * 1000)
        made.prices[slot] = price
        rows.append(
            PriceSignal(
                zone=made.people.zone,
                slot=slot,
                price=price,
                buy_price=price,
                low_price=EXPORT,
                high_price=IMPORT,
                supply_run=runs[Target.EXPORT],
                demand_run=runs[Target.IMPORT],
                log_index=1,
                published_at=slot_start(slots.start) - timedelta(hours=5),
            )
        )
    PriceSignal.objects.bulk_create(rows)


def _mandate(made: Neighbourhood, home: Home) -> Mandate:
    return Mandate.objects.create(
        account=home.account,
        valid_from_day=TODAY - 30,
        valid_to_day=TODAY + 90,
        cap_per_day=8_000_000,
        buy_ceiling=270_000,
        sell_floor=EXPORT,
        max_buy_wh_per_day=20_000,
        max_sell_wh_per_day=40_000,
        nonce="0x01",
        deadline=int(NOW.timestamp()) + 10**6,
        terms_hash=bytes(32),
        struct_hash=sha256(home.account.address.encode()).digest(),
        signature=bytes(65),
        created_at=factories.FOUNDED,
    )


def _trade(made: Neighbourhood, slots: range) -> None:
    """An auction per slot over orders that expect the real energy almost rightly."""
    made.mandates = {home.account.address: _mandate(made, home) for home in made.homes}
    dice = random.Random(3)
    orders = {slot: _orders(made, slot, dice) for slot in slots}
    results = {slot: _cleared(made, slot, orders[slot]) for slot in slots}
    entries = [_auction_entry(made, slot, results[slot]) for slot in slots]
    signals = {signal.slot: signal for signal in PriceSignal.objects.filter(zone=made.people.zone)}
    auctions = {
        slot: Auction(
            zone=made.people.zone,
            slot=slot,
            signal=signals[slot],
            price=results[slot].price,
            volume_wh=results[slot].volume,
            orders_root=bytes(32),
            fills_root=bytes(32),
            fill_count=len(results[slot].fills),
            log_index=index,
            cleared_at=slot_start(slot - GATE),
        )
        for slot, index in zip(slots, append(entries=entries, now=NOW - timedelta(minutes=20)), strict=True)
    }
    Auction.objects.bulk_create(auctions.values())
    Order.objects.bulk_create(order for found in orders.values() for order in found.values())
    Fill.objects.bulk_create(
        Fill(auction=auctions[slot], order=orders[slot][fill.order_hash], fill_index=at, quantity_wh=fill.quantity)
        for slot in slots
        for at, fill in enumerate(results[slot].fills)
    )


def _orders(made: Neighbourhood, slot: int, dice: random.Random) -> dict[bytes, Order]:
    orders: dict[bytes, Order] = {}
    for home in made.homes:
        imported, exported = made.energy[home.point][slot]
        side = Side.SELL if exported > imported else Side.BUY
        quantity = int(max(imported, exported) * dice.uniform(0.8, 1.05))
        if quantity == 0:
            continue
        order_hash = sha256(f"{home.account.address} {slot}".encode()).digest()
        orders[order_hash] = Order(
            zone=made.people.zone,
            account=home.account,
            point=home.point,
            mandate=made.mandates[home.account.address],
            slot=slot,
            side=side,
            limit_price=made.prices[slot] if side == Side.SELL else 270_000,
            quantity_wh=quantity,
            cover=0,
            order_hash=order_hash,
            state=OrderState.CLEARED,
            accepted_at=slot_start(slot - GATE),
        )
    return orders


def _cleared(made: Neighbourhood, slot: int, orders: dict[bytes, Order]) -> clearing.Clearing:
    wishes = [
        clearing.Order(key, clearing.Side(order.side), PricePerKWh(order.limit_price), WattHours(order.quantity_wh), 0)
        for key, order in orders.items()
    ]
    return clearing.clear(wishes, reference_price=PricePerKWh(made.prices[slot]))


def _auction_entry(made: Neighbourhood, slot: int, result: clearing.Clearing) -> NewEntry:
    zone = made.people.zone
    return NewEntry(
        kind=EntryKind.AUCTION,
        fields={
            "zone": zone.word,
            "slot": slot,
            "mode": int(Mode.EX_ANTE),
            "price": result.price,
            "ordersRoot": bytes(32),
            "fillsRoot": bytes(32),
            "fillCount": len(result.fills),
        },
        scope=zone.id,
        period=date_of_day(day_of(slot)),
    )


def _checkpoints(made: Neighbourhood) -> None:
    """Two anchored checkpoints and one that is only signed."""
    size = log_size()
    for seq, part in enumerate((size // 2, size - 12)):
        Checkpoint.objects.create(
            size=part,
            root=root_of(part),
            note="note",
            created_at=NOW - timedelta(minutes=40 - 20 * seq),
            seq=seq,
            anchored_at=NOW - timedelta(minutes=38 - 20 * seq),
        )
    Checkpoint.objects.create(size=size, root=root_of(size), note="note", created_at=NOW - timedelta(minutes=2))
    Block.objects.create(number=4_211, hash="0x" + "ab" * 32, timestamp=int(NOW.timestamp()) - 9)


def _settle(made: Neighbourhood, day: int) -> SettlementRun:
    """The day's run, posted on chain and open to objections."""
    zone, slots = made.people.zone, slots_of_day(day)
    owners = {home.point.word: home for home in made.homes}
    month = month_of_day(day)
    keys = keys_for(owners={(scope, month) for scope in [zone.id, *(home.point.id for home in made.homes)]}, now=NOW)
    auctions = {row.slot: row for row in Auction.objects.filter(zone=zone, slot__in=slots)}
    fills: dict[bytes, dict[int, LocalFill]] = {word: {} for word in owners}
    for fill in Fill.objects.filter(auction__in=auctions.values()).select_related("order__point"):
        order = fill.order
        bought, sold = (fill.quantity_wh, 0) if order.side == Side.BUY else (0, fill.quantity_wh)
        fills[order.point.word][order.slot] = LocalFill(order.order_hash, fill.fill_index, bought, sold)
    result = build_run(
        zone=zone.word,
        day=day,
        sequence=0,
        mode=Mode.EX_ANTE,
        points=[
            PointDay(
                word,
                address_bytes(home.account.address),
                [Metered(*made.energy[home.point][slot], 1) for slot in slots],
                fills[word],
                {},
            )
            for word, home in owners.items()
        ],
        prices=[
            SlotPrices(auctions[slot].price, 1, FEE, IMPORT, EXPORT, 1, auctions[slot].log_index) for slot in slots
        ],
        feeder_wh=[sum(energy[slot][0] - energy[slot][1] for energy in made.energy.values()) for slot in slots],
        system=SystemAccounts(*(address_bytes(address) for address in factories.SYSTEM.values())),
        point_key=lambda word: keys[owners[word].point.id, month].key,
        header_key=None,
    )
    checkpoint = Checkpoint.objects.get(seq=1)
    run = SettlementRun.objects.create(
        zone=zone,
        day=day,
        profile=Profile.objects.get(community=zone.community),
        log_size=checkpoint.size,
        checkpoint=checkpoint,
        points_root=result.points_root,
        headers_root=result.headers_root,
        rows_root=result.rows_root,
        point_count=len(result.statements),
        headers=pack_leaves(result.header_leaves, with_salt=True),
        dust=result.dust,
        bought_wh=sum(header.bought_wh for header in result.headers),
        sold_wh=sum(header.sold_wh for header in result.headers),
        state=RunState.POSTED,
        chain_tx=_transaction(),
        created_at=NOW - timedelta(hours=9),
        posted_at=NOW - timedelta(hours=8, minutes=58),
        final_at=NOW + timedelta(hours=15, minutes=2),
    )
    accounts = {home.account.address: home.account for home in made.homes}
    RunRow.objects.bulk_create(
        RunRow(
            run=run,
            position=at,
            address=address_text(row.address),
            account=accounts.get(address_text(row.address)),
            day_net=row.net,
        )
        for at, row in enumerate(result.rows)
    )
    PointStatement.objects.bulk_create(
        PointStatement(
            run=run,
            point=owners[item.point].point,
            account=owners[item.point].account,
            position=item.position,
            day_net=item.day_net,
            lines_root=item.lines_root,
            salt=item.salt,
            lines=seal_lines(keys[owners[item.point].point.id, month], result.key, 0, item.position, item.line_leaves),
        )
        for item in result.statements
    )
    return run


def _transaction() -> ChainTx:
    return ChainTx.objects.create(
        business_key="run",
        sender="poster",
        contract="Settlement",
        function="postRun",
        args=[],
        tx_hash="0x" + "5e" * 32,
        state=ChainTxState.FINAL,
        block_number=4_180,
        gas_used=318_402,
        created_at=NOW - timedelta(hours=9),
        updated_at=NOW - timedelta(hours=9),
    )


def _flag(made: Neighbourhood) -> None:
    """One neighbour's reading is too large and held; another one's meter is silent."""
    flagged, silent = made.homes[1], made.homes[2]
    flag = Flag.objects.create(
        zone=made.people.zone,
        point=flagged.point,
        rule=Rule.OVER_CAPACITY,
        slot=SLOT_NOW - 9,
        details={"import_wh": 9_120, "limit_wh": 4_312},
        log_index=3,
        raised_at=NOW - timedelta(hours=2),
    )
    Hold.objects.create(flag=flag, point=flagged.point, slot=flag.slot, log_index=4, ends_at=NOW + timedelta(days=3))
    silent.meter.last_seen_at = NOW - timedelta(hours=5)
    silent.meter.save()
