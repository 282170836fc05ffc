"""A zone with two homes and three weeks of closed slots, as metering leaves them."""

from datetime import UTC, datetime, timedelta

import numpy as np

from grid.accounts.models import Community, Zone
from grid.domain.entries import EntryKind
from grid.domain.slots import SLOTS_PER_DAY, month_of_day, slot_start
from grid.metering.models import Interval, MeteringPoint, PointKind, Quality, SlotClose
from grid.records import services as records

TODAY = 20_600  # 2026-05-27
NOW = slot_start(TODAY * SLOTS_PER_DAY) - timedelta(minutes=20)
DAYS = 21


def make_zone(name: str = "hill") -> Zone:
    community = Community.objects.create(
        slug=name, name=name.title(), time_zone="Europe/Vienna", currency="EUR", country="AT"
    )
    return Zone.objects.create(
        community=community, name="Feeder 1", feeder_rating_w=60_000, latitude=48.2, longitude=16.4
    )


def add_point(zone: Zone, name: str, kind: PointKind = PointKind.MEMBER) -> MeteringPoint:
    return MeteringPoint.objects.create(
        zone=zone, kind=kind, name=name, fuse_w=17_250, registered_at=datetime(2026, 1, 1, tzinfo=UTC)
    )


def grow_log(zone: Zone, now: datetime = NOW) -> None:
    """Append an entry, so that the log has a first index for intervals to cite."""
    entry = records.NewEntry(
        kind=EntryKind.PROFILE,
        fields={"profileHash": bytes(32), "fromDay": TODAY},
        scope=zone.pk,
        period=month_of_day(TODAY),
    )
    records.append(entries=[entry], now=now)


def day_of_home(pv: bool) -> tuple[np.ndarray, np.ndarray]:
    """Import and export of one day, Wh per slot: dinner, and sun around noon if there are panels."""
    hour = np.arange(SLOTS_PER_DAY) / 4
    load = 60 + 200 * np.exp(-(((hour - 17) / 2) ** 2))
    sun = 500 * np.maximum(0, np.sin((hour - 4) / 14 * np.pi)) * (hour > 4) * (hour < 18) if pv else 0 * hour
    net = np.rint(load - sun).astype(int)
    return np.maximum(net, 0), np.maximum(-net, 0)


def add_history(
    point: MeteringPoint, *, days: int = DAYS, pv: bool = False, known_at: datetime = NOW, seed: int = 1
) -> None:
    """Closed slots of `days` days up to today's midnight, noisy but alike."""
    rng = np.random.default_rng(seed)
    bought, sold = day_of_home(pv)
    first = (TODAY - days) * SLOTS_PER_DAY
    rows = []
    for slot in range(first, TODAY * SLOTS_PER_DAY - 2):
        at, noise = slot % SLOTS_PER_DAY, rng.uniform(0.8, 1.2)
        rows.append(
            Interval(
                point=point,
                slot=slot,
                version=0,
                import_wh=int(bought[at] * noise),
                export_wh=int(sold[at] * noise),
                quality=Quality.VALID,
                log_index=0,
                known_at=known_at,
            )
        )
    Interval.objects.bulk_create(rows)
    SlotClose.objects.update_or_create(zone=point.zone, defaults={"next_slot": TODAY * SLOTS_PER_DAY - 2})
