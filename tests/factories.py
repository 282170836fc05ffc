"""People and things that page tests need, as plain rows.

Alice owns a home with sun on its roof, Bob may look at her account, Mallory is a stranger with a home of
her own elsewhere. Olga operates the zone, Mara answers for its meter data, Ada judges, Aurel audits; Tess is a
third party of the community; Otto holds every role in another community.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path

from django.contrib.auth.hashers import make_password

from grid.accounts.models import Account, AccountMember, AccountRight, Community, Role, RoleGrant, User, Zone
from grid.domain.profile import profile_hash
from grid.domain.slots import day_of, slot_of
from grid.metering.models import (
    Binding,
    KeySuite,
    Meter,
    MeteringPoint,
    MeterKey,
    PointKind,
)
from grid.pricing.models import Profile

NOW = datetime(2026, 6, 17, 12, 20, tzinfo=UTC)
TODAY = day_of(slot_of(int(NOW.timestamp())))
FOUNDED = NOW - timedelta(days=60)
PASSWORD = "sunny-street-17"
PROFILE_FILE = Path(__file__).parents[1] / "grid" / "pricing" / "profiles" / "demo.json"
SYSTEM = {name: f"0x{number:040x}" for number, name in enumerate(("supplier", "fee", "dust", "balancing"), 1)}


def user(username: str, **extra: object) -> User:
    """A person; `username` capitalised is the name shown. The password is PASSWORD."""
    return User.objects.create(username=username, password=_hashed(), display_name=username.capitalize(), **extra)


@cache
def _hashed() -> str:
    return make_password(PASSWORD)


def community(slug: str = "sonnengasse", name: str = "Sonnengasse") -> Community:
    """A community in Vienna's time, with the demonstration's rule book."""
    made = Community.objects.create(
        slug=slug, name=name, time_zone="Europe/Vienna", currency="EUR", country="AT", minimum_membership=5
    )
    document = json.loads(PROFILE_FILE.read_text()) | {"system_accounts": SYSTEM}
    Profile.objects.create(
        community=made, from_day=TODAY - 60, document=document, sha256=profile_hash(document), log_index=0
    )
    return made


def zone(of: Community, name: str = "Transformer 4") -> Zone:
    """A zone behind a feeder of 60 kW."""
    return Zone.objects.create(community=of, name=name, feeder_rating_w=60_000, latitude=48.2, longitude=16.4)


def account(of: Community, label: str) -> Account:
    """A wallet account with a made-up address."""
    address = sha256(f"{of.slug} {label}".encode()).digest()[:20]
    return Account.objects.create(
        address="0x" + address.hex(), signer=address, community=of, label=label, created_at=FOUNDED
    )


def point(of: Zone, name: str, *, kind: PointKind = PointKind.MEMBER, pv_peak_w: int = 0) -> MeteringPoint:
    """A metering point with a fuse of 17 kW."""
    return MeteringPoint.objects.create(
        zone=of, kind=kind, name=name, fuse_w=17_250, pv_peak_w=pv_peak_w, registered_at=FOUNDED
    )


def meter(serial: str, *, last_seen_at: datetime | None = NOW - timedelta(minutes=6)) -> Meter:
    """A meter with a key."""
    made = Meter.objects.create(
        serial=serial, vendor="Elster", model="A1500", last_counter=5760, last_seen_at=last_seen_at
    )
    MeterKey.objects.create(meter=made, suite=KeySuite.P256, public_key=b"\x02" + sha256(serial.encode()).digest())
    return made


def bind(to: MeteringPoint, by: Meter, owner: Account | None, *, from_day: int = TODAY - 60) -> Binding:
    """Who and what stands behind a point."""
    return Binding.objects.create(
        point=to, meter=by, account=owner, from_day=from_day, co_signature=b"\x00" * 65, recorded_at=FOUNDED
    )


@dataclass(frozen=True)
class Home:
    """A member's home."""

    account: Account
    point: MeteringPoint
    meter: Meter


def home(of: Zone, label: str, *, pv_peak_w: int = 0) -> Home:
    """An account with one metered point."""
    owner = account(of.community, label)
    made = Home(owner, point(of, label, pv_peak_w=pv_peak_w), meter(f"CW-{label.replace(' ', '-')}"))
    bind(made.point, made.meter, owner)
    return made


def owns(account: Account, person: User, right: AccountRight = AccountRight.OWNER) -> None:
    """Give a person a right on an account."""
    AccountMember.objects.create(account=account, user=person, right=right)


@dataclass(frozen=True)
class People:
    """Everybody, and what they have to do with one another."""

    community: Community
    zone: Zone
    feeder: MeteringPoint
    home: Home
    elsewhere: Home
    alice: User
    bob: User
    mallory: User
    olga: User
    mara: User
    ada: User
    aurel: User
    tess: User
    otto: User

    @property
    def everyone(self) -> dict[str, User | None]:
        """By name; `nobody` has not signed in."""
        names = ("alice", "bob", "mallory", "olga", "mara", "ada", "aurel", "tess", "otto")
        return {"nobody": None} | {name: getattr(self, name) for name in names}


def people() -> People:
    """Two communities with everybody in them."""
    ours, theirs = community(), community("elsewhere", "Elsewhere")
    zone_here, zone_there = zone(ours), zone(theirs, "Transformer 9")
    feeder = point(zone_here, "Feeder", kind=PointKind.FEEDER)
    bind(feeder, meter("CW-FEEDER"), None)
    made = People(
        community=ours,
        zone=zone_here,
        feeder=feeder,
        home=home(zone_here, "Sonnengasse 12", pv_peak_w=6_400),
        elsewhere=home(zone_there, "Mallory's house"),
        **{name: user(name) for name in ("alice", "bob", "mallory", "olga", "mara", "ada", "aurel", "tess", "otto")},
    )
    owns(made.home.account, made.alice)
    owns(made.home.account, made.bob, AccountRight.VIEWER)
    owns(made.elsewhere.account, made.mallory)
    roles = {
        Role.OPERATOR: made.olga,
        Role.METER_DATA_RESPONSIBLE: made.mara,
        Role.ARBITER: made.ada,
        Role.AUDITOR: made.aurel,
        Role.THIRD_PARTY: made.tess,
    }
    for role, holder in roles.items():
        RoleGrant.objects.create(user=holder, community=ours, role=role)
        RoleGrant.objects.create(user=made.otto, community=theirs, role=role)
    return made
