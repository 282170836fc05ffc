"""The price signal: from the zone's forecast, by the published rule, before the gate."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from itertools import groupby

from django.db import transaction

from grid.accounts.models import Zone
from grid.domain.entries import DecisionKind, EntryKind
from grid.domain.pricing import Bounds, Outlook, PriceBand, PriceRule, bounds, price_band
from grid.domain.profile import canonical
from grid.domain.slots import SLOT_SECONDS, SLOTS_PER_DAY, day_of, month_of_day, slot_of
from grid.domain.units import WattHours
from grid.forecasts.models import ForecastRun, Target
from grid.forecasts.queries.issued import Issued, latest_pair, points_of
from grid.pricing.models import PriceSignal, TariffDay
from grid.pricing.queries import NoProfile, profile_on, signals
from grid.pricing.services.tariffs import publish_tariff
from grid.records import services as records
from grid.records.queries import log_size

RULE = PriceRule.SDR  # PROTOCOL §3: the signal is the supply/demand-ratio sell price
RULE_VERSION = 1
HORIZON_SLOTS = 192
# The checkpoint over a price must be anchored before the gate, so publication stops a slot earlier.
ANCHOR_SECONDS = SLOT_SECONDS


@dataclass(frozen=True)
class _Price:
    """One slot's decision, not stored yet."""

    slot: int
    version: int
    supply: Issued
    demand: Issued
    tariff: TariffDay
    within: Bounds
    band: PriceBand


def publish_due(*, zone: Zone, now: datetime) -> int:
    """Publish what the newest forecast gives for the next 48 hours; returns how many slots.

    Tariffs of today and the two days after are committed first, forecast or not: settlement needs them.
    Days before the community's first profile have no prices.
    """
    first = slot_of(int(now.timestamp()))
    for day in range(day_of(first), day_of(first) + 3):
        with suppress(NoProfile):
            publish_tariff(zone=zone, day=day, now=now)
    return publish_prices(zone=zone, from_slot=first, to_slot=first + HORIZON_SLOTS, now=now)


def publish_prices(*, zone: Zone, from_slot: int, to_slot: int, now: datetime) -> int:
    """Publish signals of [from_slot, to_slot) from the zone's newest forecast; returns how many slots.

    Each slot gets one version per forecast: repeating it adds nothing, a newer forecast supersedes. A
    slot whose gate is less than a slot away is left as it is, and so is one on a day without profile.
    Without a finished forecast of both supply and demand nothing is published, and the slots settle as
    residual supply.
    """
    with transaction.atomic():
        Zone.objects.select_for_update().get(pk=zone.pk)
        pair = latest_pair(zone, issued_before=now)
        if pair is None:
            return 0
        prices = _prices(zone, pair, range(from_slot, to_slot), now)
        _store(zone, pair, prices, now)
    return len(prices)


def _prices(zone: Zone, pair: tuple[ForecastRun, ForecastRun], slots: range, now: datetime) -> list[_Price]:
    """Decide the slots that are open, that the newest forecast covers, and that it has not decided yet."""
    supply, demand = (points_of(run) for run in pair)
    published = signals(zone, slots.start, slots.stop)
    covered = [slot for slot in slots if slot in supply and slot in demand]
    undecided = [slot for slot in covered if slot not in published or published[slot].supply_run_id != pair[0].pk]
    found = []
    for day, group in groupby(undecided, key=day_of):
        try:
            lead = profile_on(zone.community, day).windows.gate_lead_slots
        except NoProfile:
            continue
        closing = now.timestamp() + ANCHOR_SECONDS
        open_slots = [slot for slot in group if (slot - lead) * SLOT_SECONDS >= closing]
        if not open_slots:
            continue
        tariff = publish_tariff(zone=zone, day=day, now=now)
        for slot in open_slots:
            version = published[slot].version + 1 if slot in published else 0
            found.append(_price(slot, version, supply[slot], demand[slot], tariff))
    return found


def _price(slot: int, version: int, supply: Issued, demand: Issued, tariff: TariffDay) -> _Price:
    at = slot % SLOTS_PER_DAY
    within = bounds(tariff.import_prices[at], tariff.export_prices[at], tariff.fee_prices[at])
    band = price_band(RULE, supply=_outlook(supply), demand=_outlook(demand), within=within)
    return _Price(slot, version, supply, demand, tariff, within, band)


def _outlook(issued: Issued) -> Outlook:
    return Outlook(WattHours(issued.p10_wh), WattHours(issued.p50_wh), WattHours(issued.p90_wh))


def _store(zone: Zone, pair: tuple[ForecastRun, ForecastRun], prices: list[_Price], now: datetime) -> None:
    size = log_size()
    entries = [_entry(zone, pair, price, size) for price in prices]
    indices = records.append(entries=entries, now=now)
    supply_run, demand_run = pair
    PriceSignal.objects.bulk_create(
        PriceSignal(
            zone=zone,
            slot=price.slot,
            version=price.version,
            price=price.band.price.sell,
            buy_price=price.band.price.buy,
            low_price=price.band.low,
            high_price=price.band.high,
            supply_run=supply_run,
            demand_run=demand_run,
            log_index=index,
            published_at=now,
        )
        for price, index in zip(prices, indices, strict=True)
    )


def _entry(zone: Zone, pair: tuple[ForecastRun, ForecastRun], price: _Price, size: int) -> records.NewEntry:
    content = canonical(_document(zone, pair, price, size))
    return records.NewEntry(
        kind=EntryKind.DECISION,
        fields={
            "decisionKind": DecisionKind.PRICE,
            "zone": zone.word,
            "slot": price.slot,
            "version": price.version,
            "value": price.band.price.sell,
            "inputLogSize": size,
            "contentHash": sha256(content).digest(),
        },
        scope=zone.pk,
        period=month_of_day(day_of(price.slot)),
        document=content,
    )


def _document(zone: Zone, pair: tuple[ForecastRun, ForecastRun], price: _Price, size: int) -> dict[str, object]:
    """All that is needed to compute the price again: forecast entries, tariff entry, rule and bounds."""

    def inputs(run: ForecastRun, issued: Issued) -> dict[str, int | None]:
        return {
            "forecast_log_index": run.log_index,
            "p10_wh": issued.p10_wh,
            "p50_wh": issued.p50_wh,
            "p90_wh": issued.p90_wh,
        }

    supply_run, demand_run = pair
    return {
        "decision": "price",
        "zone": str(zone.pk),
        "slot": price.slot,
        "version": price.version,
        "inputs": {
            "log_size": size,
            Target.EXPORT.value: inputs(supply_run, price.supply),
            Target.IMPORT.value: inputs(demand_run, price.demand),
            "tariff_log_index": price.tariff.log_index,
        },
        "rule": {"name": RULE.value, "version": RULE_VERSION, "low": price.within.low, "high": price.within.high},
        "unit": "micro-currency per kWh",
        "price": {
            "sell": price.band.price.sell,
            "buy": price.band.price.buy,
            "band_low": price.band.low,
            "band_high": price.band.high,
            "inverted_bounds": price.within.inverted,
        },
    }
