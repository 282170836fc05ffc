"""The homes of Alice's street: what they draw and feed in, what is expected of them, and prices."""

import math
import random
from dataclasses import dataclass, field
from datetime import timedelta

from grid.domain.entries import EntryKind
from grid.domain.slots import SLOTS_PER_DAY, day_of, month_of_day, slot_start
from grid.forecasts.models import ForecastPoint, ForecastRun, ForecastState, Target
from grid.market.models import Mandate
from grid.metering.models import Interval, MeteringPoint, SlotClose
from grid.pricing.models import PriceSignal, TariffDay
from grid.records.services import NewEntry, append
from grid.settlement.models import SettlementRun
from tests.factories import NOW, Home, People

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


def profile(home: Home, dice: random.Random, slots: range) -> Energy:
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


def measure(made: Neighbourhood, slots: range) -> None:
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


def forecast(made: Neighbourhood, slots: range) -> None:
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


def price(made: Neighbourhood, slots: range) -> None:
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
