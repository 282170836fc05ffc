"""A day that the street really lived: signed records, prices, auctions, a hold, a run; all by the services."""

from dataclasses import dataclass
from hashlib import sha256

import pytest

from grid.chain import queries as chain_queries
from grid.domain import ocmf
from grid.domain.entries import DecisionKind, EntryKind, Suite
from grid.domain.slots import SLOT_SECONDS, SLOTS_PER_DAY, month_of_day
from grid.forecasts.models import ForecastPoint, ForecastRun, ForecastState, Target
from grid.market.services import gates
from grid.metering.models import Meter, MeteringPoint
from grid.metering.services import ingest, registry
from grid.metering.services.registry import BindingTerms
from grid.metering.services.slots import close_slots
from grid.pricing import services as pricing
from grid.records.models import Checkpoint
from grid.records.services import NewEntry, append
from grid.sentinel.models import Flag, Hold, Rule
from grid.settlement.models import SettlementRun
from grid.settlement.services import runs
from grid.simulator.identity import MeterIdentity
from tests.grid.street import DAY, FIRST, FOUNDED, Street, at_slot, chain, street

__all__ = ["chain", "street"]

ADDRESSES = {"RecordAnchor": "0x" + "aa" * 20, "Settlement": "0x" + "bb" * 20}
TRADED = range(40, 56)
HELD = 44


@dataclass
class LivedDay:
    """The street after its day, and the run that settles it."""

    street: Street
    run: SettlementRun
    checkpoint: Checkpoint


def energy(name: str, offset: int) -> tuple[int, int]:
    """Import and export of a home in one slot, Wh."""
    sunny = offset in range(32, 64)
    return {
        "alice": (0, 300 + offset) if sunny else (60, 0),
        "bob": (120 + offset % 5, 0),
        "carol": (40, 0),
        "feeder": (0, 100) if sunny else (230, 0),
    }[name]


def send_day(name: str, identity: MeterIdentity) -> None:
    """Send a day of registers in records of 32 slot borders; carol's meter loses one of them."""
    imported, exported, previous = 5_000, 900, None
    borders = []
    for offset in range(SLOTS_PER_DAY + 1):
        if (name, offset) != ("carol", 50):
            borders.append(((FIRST + offset) * SLOT_SECONDS, imported, exported))
        used, made = energy(name, offset % SLOTS_PER_DAY)
        imported, exported = imported + used, exported + made
    for counter, start in enumerate(range(0, len(borders), 32), start=1):
        payload = ocmf.build_payload(
            serial=identity.serial, counter=counter, registers=borders[start : start + 32], previous=previous
        )
        signature = ocmf.sign(payload, suite=identity.suite, private_key=identity.private_key)
        text = ocmf.render(payload, suite=identity.suite, signature=signature)
        previous = sha256(text.encode()).digest()
        (result,) = ingest(records=[text], now=at_slot(FIRST + SLOTS_PER_DAY, 10))
        assert result.status == "accepted"


def _bind_feeder(point: MeteringPoint, meter: Meter) -> None:
    terms = BindingTerms(point=point, meter=meter, account=None, from_day=DAY - 3)
    registry.bind(terms=terms, co_signature=b"", now=FOUNDED)


def _publish_prices(street: Street) -> None:
    """Forecast more supply than demand around noon, and publish the price signal of the day."""
    first, after = FIRST + TRADED.start, FIRST + TRADED.stop
    for target, expected in ((Target.EXPORT, 200), (Target.IMPORT, 240)):
        run = ForecastRun.objects.create(
            zone=street.zone,
            target=target,
            cutoff=FOUNDED,
            from_slot=first,
            to_slot=after,
            state=ForecastState.DONE,
            log_index=0,
            created_at=FOUNDED,
            finished_at=FOUNDED,
        )
        ForecastPoint.objects.bulk_create(
            ForecastPoint(run=run, slot=slot, p10_wh=expected, p50_wh=expected, p90_wh=expected)
            for slot in range(first, after)
        )
    pricing.publish_prices(zone=street.zone, from_slot=first, to_slot=after, now=FOUNDED)
    street.anchor(FOUNDED)


def _trade(street: Street) -> None:
    """Everybody has a mandate and is expected to use or make energy at noon; hold the auctions."""
    expected = {"alice": -250, "bob": 120, "carol": 40}
    for home in street.homes:
        street.register(home)
        street.forecast(home, {FIRST + offset: expected[home.name] for offset in TRADED})
    for offset in range(TRADED.start, TRADED.stop + 4, 4):
        gates.sweep_gates(zone=street.zone, now=at_slot(FIRST + offset - 4))
        street.anchor(at_slot(FIRST + offset - 4, 5))


def _hold(street: Street, slot: int) -> None:
    """Hold Alice's slot, as the sentinel would."""
    indices = append(
        entries=[
            NewEntry(
                kind=EntryKind.DECISION,
                fields={
                    "decisionKind": int(kind),
                    "zone": street.zone.word,
                    "slot": slot,
                    "version": 0,
                    "value": 0,
                    "inputLogSize": 1,
                    "contentHash": sha256(b"{}").digest(),
                },
                scope=street.alice.point.pk,
                period=month_of_day(DAY),
            )
            for kind in (DecisionKind.FLAG, DecisionKind.HOLD)
        ],
        now=at_slot(slot + 2),
    )
    flag = Flag.objects.create(
        zone=street.zone,
        point=street.alice.point,
        rule=Rule.OVER_CAPACITY,
        slot=slot,
        details={},
        log_index=indices[0],
        raised_at=at_slot(slot + 2),
    )
    Hold.objects.create(
        flag=flag,
        point=street.alice.point,
        slot=slot,
        log_index=indices[1],
        ends_at=at_slot(slot + 3 * SLOTS_PER_DAY),
    )


@pytest.fixture
def lived(street: Street, monkeypatch: pytest.MonkeyPatch) -> LivedDay:
    monkeypatch.setattr(chain_queries, "contract_address", ADDRESSES.__getitem__)
    identity = MeterIdentity(serial="CW-feeder", suite=Suite.SECP256K1, private_key=5009)
    meter = registry.register_meter(
        zone=street.zone, serial=identity.serial, suite=identity.suite, public_key=identity.public_key, now=FOUNDED
    )
    _bind_feeder(street.feeder, meter)
    _publish_prices(street)
    _trade(street)
    for number, home in enumerate(street.homes, start=1):
        send_day(home.name, MeterIdentity(f"CW-{home.name}", Suite.P256, 5000 + number))
    send_day("feeder", identity)
    now = at_slot(FIRST + SLOTS_PER_DAY, 3_600)
    close_slots(zone=street.zone, now=now)
    _hold(street, FIRST + HELD)
    run = runs.compute(zone=street.zone, day=DAY, now=now)
    checkpoint = street.anchor(now)
    run.checkpoint = checkpoint
    run.save()
    return LivedDay(street, run, checkpoint)
