"""A fleet of meters in the registry, and what they send."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from coincurve import PrivateKey

from grid.domain import native, ocmf
from grid.domain.entries import Suite
from grid.domain.slots import SLOT_SECONDS, SLOTS_PER_DAY

_NAMES = ocmf.SUITE_NAMES


@dataclass
class BenchMeter:
    """A meter with a secp256k1 key; each record goes on where the last one ended."""

    serial: str
    key: PrivateKey
    slot: int
    counter: int = 0

    def registers(self, slots: int) -> list[tuple[int, int, int]]:
        first, self.slot = self.slot, self.slot + slots
        return [(slot * SLOT_SECONDS, 137 * slot % 10**8, 11 * slot % 10**8) for slot in range(first, first + slots)]

    def record(self, slots: int) -> str:
        """Return the next OCMF record over so many slots."""
        self.counter += 1
        payload = ocmf.build_payload(serial=self.serial, counter=self.counter, registers=self.registers(slots))
        return ocmf.render(payload, suite=Suite.SECP256K1, signature=self.key.sign(payload))

    def compact(self, slots: int) -> bytes:
        """Return the next record in the compact form."""
        self.counter += 1
        payload = native.build(
            serial=self.serial, counter=self.counter, suite=Suite.SECP256K1, registers=self.registers(slots)
        )
        return native.render(payload, self.key.sign(payload))


def found(count: int, *, now: datetime, days: int = 300, slug: str = "bench") -> list[BenchMeter]:
    """Register meters, each bound to a point of one zone, whose records may begin `days` before now.

    Their KEY and BINDING entries are left out: the bench is of readings. The zone counts as closed, so that no
    sweep derives slots meanwhile.
    """
    from grid.accounts.models import Community, Zone
    from grid.metering.models import Binding, Meter, MeteringPoint, MeterKey, SlotClose

    today = int(now.timestamp()) // 86_400
    community = Community.objects.create(slug=slug, name=slug, time_zone="UTC", currency="EUR", country="DE")
    zone = Zone.objects.create(community=community, name="Bench", feeder_rating_w=1, latitude=0, longitude=0)
    SlotClose.objects.create(zone=zone, next_slot=(today + 2) * SLOTS_PER_DAY)
    fleet = [
        BenchMeter(f"CW-{slug}-{number:06d}", PrivateKey(bytes([1]) + number.to_bytes(31, "big")), (today - days) * 96)
        for number in range(count)
    ]
    registered = datetime.fromtimestamp((today - days) * 86_400, UTC)
    points = MeteringPoint.objects.bulk_create(
        (MeteringPoint(zone=zone, name=meter.serial, fuse_w=17_250, registered_at=registered) for meter in fleet),
        batch_size=2_000,
    )
    meters = Meter.objects.bulk_create(
        (Meter(serial=meter.serial, vendor="Bench", model="1") for meter in fleet), batch_size=2_000
    )
    keys: list[Any] = [
        MeterKey(meter=row, suite=_NAMES[Suite.SECP256K1], public_key=meter.key.public_key.format())
        for row, meter in zip(meters, fleet, strict=True)
    ]
    MeterKey.objects.bulk_create(keys, batch_size=2_000)
    Binding.objects.bulk_create(
        (
            Binding(point=point, meter=row, from_day=today - days, co_signature=b"", recorded_at=registered)
            for point, row in zip(points, meters, strict=True)
        ),
        batch_size=2_000,
    )
    return fleet
