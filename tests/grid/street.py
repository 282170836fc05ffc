"""A street for tests of market, sentinel and settlement: homes with accounts, a feeder, and a chain that obeys.

Alice makes and uses energy, Bob and Carol only use it; Olga watches Alice's account and owns none; Mallory
is a stranger. Readings, forecasts and prices are written as the earlier steps would have written them.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from grid.accounts.models import Account, AccountMember, AccountRight, Community, User, Zone
from grid.chain import queries as chain_queries
from grid.chain import signing
from grid.chain.models import Block, ChainEvent, ChainTx, ChainTxState
from grid.chain.queries import EscrowAccount
from grid.domain import typed_data
from grid.domain.entries import DecisionKind, EntryKind, Suite
from grid.domain.mandates import MandateWish
from grid.domain.signers import address_bytes
from grid.domain.slots import SLOT_SECONDS, SLOTS_PER_DAY, day_of, month_of_day, slots_of_day
from grid.domain.typed_data import TypedDomain
from grid.forecasts.models import ForecastPoint, ForecastRun, ForecastState, Target
from grid.market.models import Mandate
from grid.market.services import mandates
from grid.metering.models import Interval, Meter, MeteringPoint, PointKind, Quality, SlotClose
from grid.metering.services import registry
from grid.metering.services.registry import BindingTerms
from grid.pricing import services as pricing
from grid.pricing.models import PriceSignal, Profile
from grid.records.models import Checkpoint
from grid.records.queries import keys
from grid.records.services import NewEntry, append, checkpoints
from grid.simulator.identity import MeterIdentity, Wallet

DAY = 20_580
FIRST = DAY * SLOTS_PER_DAY
DOMAIN = TypedDomain(chain_id=31337, verifying_contract=b"\x11" * 20)
PROFILE = Path(__file__).parents[2] / "grid" / "pricing" / "profiles" / "demo.json"
SYSTEM = {name: f"0x{number:040x}" for number, name in enumerate(("supplier", "fee", "dust", "balancing"), 1)}


def at_slot(slot: int, seconds: int = 0) -> datetime:
    """The start of a slot, and some seconds."""
    return datetime.fromtimestamp(slot * SLOT_SECONDS + seconds, UTC)


FOUNDED = at_slot(FIRST - 3 * SLOTS_PER_DAY)


@dataclass
class Chain:
    """What the chain answers. `free` is an account's balance by address, `time` the head's timestamp."""

    free: dict[str, int] = field(default_factory=dict)
    time: int = FIRST * SLOT_SECONDS

    def emit(self, contract: str, name: str, *, tx_hash: str = "0x01", **args: object) -> ChainEvent:
        """Store an event as the indexer would."""
        number = Block.objects.count() + 1
        block = Block.objects.create(number=number, hash=f"0x{number:064x}", timestamp=self.time)
        return ChainEvent.objects.create(
            block=block, log_index=0, tx_hash=tx_hash, contract=contract, name=name, args=args
        )


@dataclass(frozen=True)
class _Head:
    number: int
    timestamp: int


@dataclass
class Home:
    """A member's home."""

    name: str
    user: User
    account: Account
    wallet: Wallet
    private_key: bytes
    point: MeteringPoint
    meter: Meter

    def sign(self, name: str, message: typed_data.Message) -> bytes:
        domain = chain_queries.eip712_domain()
        return signing.sign_digest(self.private_key, typed_data.digest(domain, name, message))


@dataclass
class Street:
    """The zone and everybody in it."""

    community: Community
    zone: Zone
    alice: Home
    bob: Home
    carol: Home
    feeder: MeteringPoint
    olga: User
    mallory: User
    chain: Chain

    @property
    def profile(self) -> Profile:
        """The rules in force."""
        return Profile.objects.get(community=self.community)

    @property
    def homes(self) -> list[Home]:
        return [self.alice, self.bob, self.carol]

    def wish(self, home: Home, **changes: int | bool) -> MandateWish:
        """A mandate that buys up to 0.27 and sells from 0.08 at the local price, until `changes` say other."""
        fields: dict[str, int | bool] = {
            "valid_from_day": DAY - 1,
            "valid_to_day": DAY + 60,
            "cap_per_day": 5_000_000,
            "buy_ceiling": 270_000,
            "sell_floor": 80_000,
            "follow_signal": True,
            "max_buy_wh_per_day": 20_000,
            "max_sell_wh_per_day": 20_000,
            "nonce": 1,
            "deadline": (DAY + 90) * 86_400,
        }
        return MandateWish(account=address_bytes(home.account.address), **(fields | changes))  # type: ignore[arg-type]

    def sign_mandate(self, home: Home, **changes: int | bool) -> Mandate:
        """Register a signed mandate, which waits in the outbox."""
        wish = self.wish(home, **changes)
        signature = home.sign("Mandate", wish.message)
        return mandates.register(account=home.account, wish=wish, signature=signature, now=FOUNDED)

    def register(self, home: Home, **changes: int | bool) -> Mandate:
        """Register a signed mandate; the chain takes it at once."""
        mandate = self.sign_mandate(home, **changes)
        ChainTx.objects.filter(mandate=mandate).update(state=ChainTxState.FINAL)
        return mandate

    def forecast(
        self, home: Home, nets: dict[int, int], *, at: datetime = FOUNDED, cutoff: datetime | None = None
    ) -> None:
        """Expect import minus export of `nets` Wh by slot."""
        for target, sign in ((Target.IMPORT, 1), (Target.EXPORT, -1)):
            run = ForecastRun.objects.create(
                zone=self.zone,
                point=home.point,
                target=target,
                cutoff=cutoff or at,
                from_slot=min(nets),
                to_slot=max(nets) + 1,
                state=ForecastState.DONE,
                log_index=1,
                created_at=at,
                finished_at=at,
            )
            ForecastPoint.objects.bulk_create(
                ForecastPoint(run=run, slot=slot, p10_wh=value, p50_wh=value, p90_wh=value)
                for slot, value in ((slot, max(0, sign * net)) for slot, net in nets.items())
            )

    def anchor(self, at: datetime) -> Checkpoint:
        """Sign the log as it is, and note it as anchored."""
        checkpoints.sign_checkpoint(now=at)
        newest = Checkpoint.objects.latest("size")
        if newest.seq is None:
            newest.seq, newest.anchored_at = Checkpoint.objects.filter(seq__isnull=False).count(), at
            newest.save()
        return newest

    def signal(
        self,
        slots: Sequence[int],
        price: int,
        *,
        at: datetime = FOUNDED,
        version: int = 0,
        anchored_at: datetime | None = None,
    ) -> None:
        """Publish a price for slots, and the tariffs of their days; anchored at once until told when."""
        self.publish(slots, price, at=at, version=version)
        self.anchor(anchored_at or at)

    def publish(self, slots: Sequence[int], price: int, *, at: datetime = FOUNDED, version: int = 0) -> None:
        """Publish as `signal`, but leave the log as it is anchored."""
        runs = [
            ForecastRun.objects.get_or_create(
                zone=self.zone,
                point=None,
                target=target,
                cutoff=at,
                defaults={"from_slot": 0, "to_slot": 1, "state": ForecastState.DONE, "created_at": at},
            )[0]
            for target in (Target.EXPORT, Target.IMPORT)
        ]
        for day in {day_of(slot) for slot in slots}:
            pricing.publish_tariff(zone=self.zone, day=day, now=at)
        entries = [
            NewEntry(
                kind=EntryKind.DECISION,
                fields={
                    "decisionKind": int(DecisionKind.PRICE),
                    "zone": self.zone.word,
                    "slot": slot,
                    "version": version,
                    "value": price,
                    "inputLogSize": 0,
                    "contentHash": bytes(32),
                },
                scope=self.zone.pk,
                period=month_of_day(day_of(slot)),
            )
            for slot in slots
        ]
        PriceSignal.objects.bulk_create(
            PriceSignal(
                zone=self.zone,
                slot=slot,
                version=version,
                price=price,
                buy_price=price,
                low_price=price,
                high_price=price,
                supply_run=runs[0],
                demand_run=runs[1],
                log_index=index,
                published_at=at,
            )
            for slot, index in zip(slots, append(entries=entries, now=at), strict=True)
        )

    def measure(
        self,
        point: MeteringPoint,
        energies: dict[int, tuple[int, int]],
        *,
        version: int = 0,
        quality: Quality = Quality.VALID,
    ) -> None:
        """Write INTERVALs of (import, export) Wh by slot."""
        now = at_slot(max(energies) + 2)
        entries = [
            NewEntry(
                kind=EntryKind.INTERVAL,
                fields={
                    "point": point.word,
                    "slot": slot,
                    "importWh": imported,
                    "exportWh": exported,
                    "quality": int(quality),
                    "version": version,
                    "supersedes": None,
                    "bindingIndex": 0,
                    "registersCommitment": bytes(32),
                },
                scope=point.pk,
                period=month_of_day(day_of(slot)),
            )
            for slot, (imported, exported) in energies.items()
        ]
        indices = append(entries=entries, now=now)
        Interval.objects.bulk_create(
            Interval(
                point=point,
                slot=slot,
                version=version,
                import_wh=imported,
                export_wh=exported,
                quality=quality,
                log_index=index,
                known_at=now,
            )
            for (slot, (imported, exported)), index in zip(energies.items(), indices, strict=True)
        )

    def measure_day(self, day: int, use: Callable[[Home, int], tuple[int, int]], *, feeder_error: int = 0) -> None:
        """Meter a whole day for every home by `use(home, offset)` and the feeder, and close it."""
        slots = slots_of_day(day)
        totals = dict.fromkeys(slots, 0)
        for home in self.homes:
            energies = {slot: use(home, offset) for offset, slot in enumerate(slots)}
            self.measure(home.point, energies)
            for slot, (imported, exported) in energies.items():
                totals[slot] += imported - exported
        feeder = {slot: net + feeder_error for slot, net in totals.items()}
        self.measure(self.feeder, {slot: (max(0, net), max(0, -net)) for slot, net in feeder.items()})
        self.close(slots.stop)

    def close(self, next_slot: int) -> None:
        SlotClose.objects.update_or_create(zone=self.zone, defaults={"next_slot": next_slot})


def _home(zone: Zone, name: str, number: int, *, pv_peak_w: int = 0) -> Home:
    private_key = (4000 + number).to_bytes(32, "big")
    wallet = Wallet(private_key)
    user = User.objects.create(username=name)
    account = Account.objects.create(
        address="0x" + wallet.address.hex(),
        signer=wallet.address,
        community=zone.community,
        label=name,
        created_at=FOUNDED,
    )
    AccountMember.objects.create(account=account, user=user, right=AccountRight.OWNER)
    point = registry.register_point(zone=zone, name=name, fuse_w=17_250, pv_peak_w=pv_peak_w, now=FOUNDED)
    identity = MeterIdentity(serial=f"CW-{name}", suite=Suite.P256, private_key=5000 + number)
    meter = registry.register_meter(
        zone=zone, serial=identity.serial, suite=identity.suite, public_key=identity.public_key, now=FOUNDED
    )
    terms = BindingTerms(point=point, meter=meter, account=account, from_day=DAY - 3)
    home = Home(name, user, account, wallet, private_key, point, meter)
    registry.bind(terms=terms, co_signature=home.sign("Binding", terms.message()), now=FOUNDED)
    return home


def build_street(chain: Chain, *, system: Mapping[str, str] = SYSTEM) -> Street:
    """Create the street's rows; `system` are the addresses of the four system accounts by name."""
    community = Community.objects.create(
        slug="street", name="Street", time_zone="Europe/Vienna", currency="EUR", country="AT"
    )
    zone = Zone.objects.create(
        community=community, name="Feeder 1", feeder_rating_w=60_000, latitude=48.2, longitude=16.4
    )
    document = {**json.loads(PROFILE.read_text()), "system_accounts": dict(system)}
    pricing.adopt_profile(zone=zone, document=document, from_day=DAY - 3, now=FOUNDED)
    homes = [
        _home(zone, "alice", 1, pv_peak_w=8_000),
        _home(zone, "bob", 2),
        _home(zone, "carol", 3),
    ]
    feeder = registry.register_point(zone=zone, name="feeder", fuse_w=60_000, kind=PointKind.FEEDER, now=FOUNDED)
    olga = User.objects.create(username="olga")
    AccountMember.objects.create(account=homes[0].account, user=olga, right=AccountRight.VIEWER)
    mallory = User.objects.create(username="mallory")
    for home in homes:
        chain.free[home.account.address] = 50_000_000
    return Street(community, zone, *homes, feeder, olga, mallory, chain)


@pytest.fixture
def chain(monkeypatch: pytest.MonkeyPatch) -> Chain:
    """A chain whose answers the test decides, so that no test waits for one."""
    chain = Chain()

    def escrow_accounts(addresses: Sequence[str]) -> list[EscrowAccount]:
        return [EscrowAccount(chain.free.get(address, 0), 0, 0, 0) for address in addresses]

    monkeypatch.setattr(chain_queries, "escrow_accounts", escrow_accounts)
    monkeypatch.setattr(chain_queries, "eip712_domain", lambda: DOMAIN)
    monkeypatch.setattr(chain_queries, "chain_head", lambda: _Head(1, chain.time))
    # A signature that is not the wallet's own is asked of Accounts: it knows no other.
    monkeypatch.setattr(signing.queries, "call", lambda *_: False)
    return chain


@pytest.fixture
def street(db: None, chain: Chain) -> Iterator[Street]:
    yield build_street(chain)
    # The database is rolled back, so must be what this process remembers of its keys.
    keys.forget()
