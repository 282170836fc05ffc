"""Found the demonstration's community through the same services as a real one. Safe to repeat."""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import NAMESPACE_URL, UUID, uuid5

from django.db import transaction

from grid.accounts.models import Account, Community, Zone
from grid.chain import queries as chain_queries
from grid.chain.services import outbox
from grid.config.demo import people
from grid.domain.mandates import MandateWish
from grid.domain.typed_data import digest
from grid.market.services import mandates
from grid.metering.models import MeteringPoint, PointKind
from grid.metering.services import registry
from grid.pricing import services as pricing
from grid.simulator.profiles import Place
from grid.simulator.street import Member, Roster

PLACE = Place(latitude=48.21, longitude=16.37, time_zone="Europe/Vienna", country="AT")
COMMUNITY = "lindenhof"
PROFILE = Path(__file__).resolve().parents[2] / "pricing" / "profiles" / "demo.json"
TOKEN_UNIT = 10**6
DEPOSIT = 200 * TOKEN_UNIT
CAP_PER_DAY = 40 * TOKEN_UNIT
MANDATE_DAYS = 365
KWH = 1_000


@dataclass(frozen=True)
class Founded:
    """What was founded, and who can log in."""

    zone: Zone
    logins: list[people.Login]


def found(*, roster: Roster, first_day: int, history_day: int, password: str, now: datetime) -> Founded:
    """Community, profile, people, points, meters, bindings, deposits and mandates.

    Rules and mandates begin on UTC day `first_day`; meters are bound from `history_day` on, so that their
    history counts.
    """
    community, zone = _community(roster)
    document = {**json.loads(PROFILE.read_text()), "system_accounts": chain_queries.system_accounts()}
    pricing.adopt_profile(zone=zone, document=document, from_day=first_day, now=now)
    staff = people.create_staff(community=community, password=password)
    _feeder(zone, roster, history_day, now)
    accounts = [_member(zone, member, first_day, history_day, now) for member in roster.members]
    members = people.create_members(accounts=accounts, password=password)
    return Founded(zone=zone, logins=[*members[:2], *staff])


def _community(roster: Roster) -> tuple[Community, Zone]:
    community, _ = Community.objects.get_or_create(
        slug=COMMUNITY,
        defaults={
            "name": "Lindenhof Energy Community",
            "time_zone": PLACE.time_zone,
            "currency": "EUR",
            "country": PLACE.country,
        },
    )
    zone, _ = Zone.objects.get_or_create(
        id=_id("zone"),
        defaults={
            "community": community,
            "name": "Lindenhof feeder 1",
            "feeder_rating_w": roster.feeder_rating_w,
            "latitude": PLACE.latitude,
            "longitude": PLACE.longitude,
        },
    )
    return community, zone


def _id(name: str) -> UUID:
    """The same id for the same name, so that founding twice founds once."""
    return uuid5(NAMESPACE_URL, f"commonwatt:demonstration:{name}")


def _feeder(zone: Zone, roster: Roster, history_day: int, now: datetime) -> None:
    point = registry.register_point(
        zone=zone,
        name="Feeder",
        kind=PointKind.FEEDER,
        fuse_w=roster.feeder_rating_w,
        point_id=_id("feeder"),
        now=now,
    )
    meter = registry.register_meter(
        zone=zone,
        serial=roster.feeder.serial,
        suite=roster.feeder.suite,
        public_key=roster.feeder.public_key,
        vendor="Commonwatt",
        model="Virtual feeder meter",
        now=now,
    )
    terms = registry.BindingTerms(point=point, meter=meter, account=None, from_day=history_day)
    registry.bind(terms=terms, co_signature=b"", now=now)


def _member(zone: Zone, member: Member, day: int, history_day: int, now: datetime) -> Account:
    """A home as a member: account with money in escrow, point, meter, co-signed binding, mandate."""
    home, wallet = member.home, member.wallet
    account, _ = Account.objects.get_or_create(
        address="0x" + wallet.address.hex(),
        defaults={"signer": wallet.address, "community": zone.community, "label": home.name, "created_at": now},
    )
    point = registry.register_point(
        zone=zone,
        name=home.name,
        fuse_w=home.fuse_w,
        pv_peak_w=home.pv_peak_w,
        point_id=_id(f"point:{home.name}"),
        now=now,
    )
    _bind(zone, point, account, member, history_day, now)
    with transaction.atomic():
        outbox.enqueue(
            business_key=f"demo-deposit:{account.address}",
            sender="relayer",
            contract="Escrow",
            function="deposit",
            args=[account.address, DEPOSIT],
            now=now,
        )
    wish = _wish(wallet.address, day, now, sells=home.pv_peak_w > 0)
    signature = wallet.sign_digest(wish.digest(chain_queries.eip712_domain()))
    mandates.register(account=account, wish=wish, signature=signature, now=now)
    return account


def _bind(zone: Zone, point: MeteringPoint, account: Account, member: Member, history_day: int, now: datetime) -> None:
    meter = registry.register_meter(
        zone=zone,
        serial=member.meter.serial,
        suite=member.meter.suite,
        public_key=member.meter.public_key,
        vendor="Commonwatt",
        model="Virtual home meter",
        now=now,
    )
    terms = registry.BindingTerms(point=point, meter=meter, account=account, from_day=history_day)
    signed = digest(chain_queries.eip712_domain(), "Binding", terms.message())
    registry.bind(terms=terms, co_signature=member.wallet.sign_digest(signed), now=now)


def _wish(account: bytes, day: int, now: datetime, *, sells: bool) -> MandateWish:
    """What every demonstration home wishes: buy and sell at the local price, within its bounds."""
    return MandateWish(
        account=account,
        valid_from_day=day,
        valid_to_day=day + MANDATE_DAYS,
        cap_per_day=CAP_PER_DAY,
        buy_ceiling=270_000,
        sell_floor=80_000,
        follow_signal=True,
        max_buy_wh_per_day=60 * KWH,
        max_sell_wh_per_day=60 * KWH if sells else 0,
        nonce=1,
        deadline=(day + 2) * 86_400,
    )


def managed_keys(roster: Roster) -> dict[str, str]:
    """The simulated members' keys by address, so that their pages can sign in the demonstration."""
    return {f"0x{m.wallet.address.hex()}": f"0x{m.wallet.private_key.hex()}" for m in roster.members}
