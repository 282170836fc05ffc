"""A small zone: alice's home with PV, bob's without, and the feeder, all with registered meters."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from grid.accounts.models import Account, Community, Zone
from grid.domain import ocmf, typed_data
from grid.domain.entries import Suite
from grid.domain.slots import SLOT_SECONDS
from grid.domain.typed_data import TypedDomain
from grid.metering.models import Meter, MeteringPoint, PointKind
from grid.metering.services import registry
from grid.metering.services.registry import BindingTerms
from grid.records.queries import keys
from grid.simulator.identity import MeterIdentity, Wallet

FIRST_DAY = 20_400
FIRST_SLOT = FIRST_DAY * 96
DOMAIN = TypedDomain(chain_id=31337, verifying_contract=b"\x11" * 20)


def at_slot(slot: int, seconds: int = 0) -> datetime:
    """The start of a slot, and some seconds."""
    return datetime.fromtimestamp(slot * SLOT_SECONDS + seconds, UTC)


FOUNDED = at_slot(FIRST_SLOT)


@dataclass
class Home:
    """A registered point with the meter behind it."""

    point: MeteringPoint
    meter: Meter
    identity: MeterIdentity

    def record(
        self,
        counter: int,
        registers: Sequence[tuple[int, int, int | None]],
        *,
        private_key: int | None = None,
        clock: str = "S",
    ) -> str:
        """A signed record over (slot, import Wh, export Wh) at the slots' starts."""
        payload = ocmf.build_payload(
            serial=self.identity.serial,
            counter=counter,
            registers=[(slot * SLOT_SECONDS, imported, exported) for slot, imported, exported in registers],
            clock=clock,
        )
        return self.sign(payload, private_key=private_key)

    def sign(self, payload: bytes, *, private_key: int | None = None) -> str:
        suite = self.identity.suite
        signature = ocmf.sign(payload, suite=suite, private_key=private_key or self.identity.private_key)
        return ocmf.render(payload, suite=suite, signature=signature)


@pytest.fixture
def zone(db: None) -> Iterator[Zone]:
    community = Community.objects.create(
        slug="hill", name="Hill", time_zone="Europe/Berlin", currency="EUR", country="DE"
    )
    yield Zone.objects.create(
        community=community, name="Feeder 1", feeder_rating_w=60_000, latitude=52.5, longitude=13.4
    )
    # The database is rolled back, so must be what this process remembers of its keys.
    keys.forget()


def add_home(zone: Zone, name: str, suite: Suite, private_key: int) -> Home:
    point = registry.register_point(zone=zone, name=name, fuse_w=17_250, pv_peak_w=6_000, now=FOUNDED)
    identity = MeterIdentity(serial=f"CW-{name}", suite=suite, private_key=private_key)
    meter = registry.register_meter(
        zone=zone, serial=identity.serial, suite=suite, public_key=identity.public_key, now=FOUNDED
    )
    wallet = Wallet(private_key.to_bytes(32, "big"))
    account = Account.objects.create(
        address="0x" + wallet.address.hex(),
        signer=wallet.address,
        community=zone.community,
        label=name,
        created_at=FOUNDED,
    )
    terms = BindingTerms(point=point, meter=meter, account=account, from_day=FIRST_DAY)
    signature = wallet.sign_digest(typed_data.digest(DOMAIN, "Binding", terms.message()))
    registry.bind(terms=terms, co_signature=signature, now=FOUNDED, domain=DOMAIN)
    return Home(point=point, meter=meter, identity=identity)


@pytest.fixture
def alice(zone: Zone) -> Home:
    return add_home(zone, "alice", Suite.P256, 1001)


@pytest.fixture
def bob(zone: Zone) -> Home:
    return add_home(zone, "bob", Suite.SECP256K1, 1002)


@pytest.fixture
def feeder(zone: Zone) -> Home:
    point = registry.register_point(zone=zone, name="feeder", fuse_w=60_000, kind=PointKind.FEEDER, now=FOUNDED)
    identity = MeterIdentity(serial="CW-feeder", suite=Suite.SECP256K1, private_key=1003)
    meter = registry.register_meter(
        zone=zone, serial=identity.serial, suite=identity.suite, public_key=identity.public_key, now=FOUNDED
    )
    terms = BindingTerms(point=point, meter=meter, account=None, from_day=FIRST_DAY)
    registry.bind(terms=terms, co_signature=b"", now=FOUNDED, domain=DOMAIN)
    return Home(point=point, meter=meter, identity=identity)
