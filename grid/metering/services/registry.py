"""The registry: metering points, meters with their keys, and the bindings between them."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.asymmetric import ec
from django.db import transaction

from grid.accounts.models import Account, Zone
from grid.chain import queries as chain_queries
from grid.chain import signing
from grid.domain import typed_data
from grid.domain.entries import EntryKind, Suite, Value
from grid.domain.ocmf import SUITE_NAMES
from grid.domain.slots import SLOTS_PER_DAY, date_of_day
from grid.domain.typed_data import TypedDomain
from grid.metering.errors import MeteringError
from grid.metering.models import Binding, Meter, MeteringPoint, MeterKey, PointKind, SlotClose
from grid.records.services import NewEntry, append

MAX_MULTIPLIER = 1_000_000
_NO_ACCOUNT = bytes(20)
_CURVES = {Suite.P256: ec.SECP256R1(), Suite.SECP256K1: ec.SECP256K1()}


def register_point(
    *,
    zone: Zone,
    name: str,
    fuse_w: int,
    now: datetime,
    pv_peak_w: int = 0,
    kind: PointKind = PointKind.MEMBER,
    point_id: UUID | None = None,
) -> MeteringPoint:
    """Register a metering point; the same `point_id` again returns the point that is there."""
    if fuse_w <= 0 or pv_peak_w < 0:
        raise MeteringError(f"{name}: fuse_w must be above 0 W and pv_peak_w not negative.")
    point, _ = MeteringPoint.objects.get_or_create(
        id=point_id or uuid4(),
        defaults={
            "zone": zone,
            "kind": kind,
            "name": name,
            "fuse_w": fuse_w,
            "pv_peak_w": pv_peak_w,
            "registered_at": now,
        },
    )
    return point


@transaction.atomic
def register_meter(
    *,
    zone: Zone,
    serial: str,
    suite: Suite,
    public_key: bytes,
    now: datetime,
    vendor: str = "",
    model: str = "",
    register_modulus_wh: int = 10**9,
) -> Meter:
    """Register a meter with its first key (compressed SEC 1 point) and log the KEY entry; safe to repeat.

    Raises MeteringError for a key that is no point of the curve, or a serial that has another key.
    """
    try:
        if len(public_key) != 33:
            raise ValueError
        ec.EllipticCurvePublicKey.from_encoded_point(_CURVES[suite], public_key)
    except ValueError:
        raise MeteringError(f"Meter {serial}: public_key is no compressed point (33 bytes) of {suite.name}.") from None
    if register_modulus_wh <= 0:
        raise MeteringError(f"Meter {serial}: register_modulus_wh must be above 0.")
    meter, created = Meter.objects.get_or_create(
        serial=serial,
        defaults={"vendor": vendor, "model": model, "register_modulus_wh": register_modulus_wh},
    )
    if not created:
        if not meter.keys.filter(suite=SUITE_NAMES[suite], public_key=public_key).exists():
            raise MeteringError(f"Meter {serial} is registered with another key: rotate its key instead.")
        return meter
    fields: dict[str, Value] = {
        "meterSerialHash": sha256(serial.encode()).digest(),
        "publicKeyHash": sha256(public_key).digest(),
        "suite": int(suite),
        "fromCounter": 1,
        "toCounter": None,
    }
    entry = NewEntry(kind=EntryKind.KEY, fields=fields, scope=zone.pk, period=now.date())
    (index,) = append(entries=[entry], now=now)
    MeterKey.objects.create(meter=meter, suite=SUITE_NAMES[suite], public_key=public_key, log_index=index)
    return meter


@dataclass(frozen=True, slots=True)
class BindingTerms:
    """Which meter and account a point has, from a UTC day to another (end exclusive; None is open)."""

    point: MeteringPoint
    meter: Meter
    account: Account | None
    from_day: int
    to_day: int | None = None
    reversed: bool = False
    multiplier_num: int = 1
    multiplier_den: int = 1

    @property
    def account_bytes(self) -> bytes:
        return bytes.fromhex(self.account.address[2:]) if self.account else _NO_ACCOUNT

    @property
    def serial_hash(self) -> bytes:
        return sha256(self.meter.serial.encode()).digest()

    def message(self) -> dict[str, int | bytes | bool]:
        """Return the EIP-712 Binding that the member co-signs."""
        return {
            "account": self.account_bytes,
            "point": self.point.word,
            "meterSerialHash": self.serial_hash,
            "reversed": self.reversed,
            "multiplierNum": self.multiplier_num,
            "multiplierDen": self.multiplier_den,
            "fromDay": self.from_day,
            "toDay": typed_data.OPEN_DAY if self.to_day is None else self.to_day,
        }


@transaction.atomic
def bind(
    *,
    terms: BindingTerms,
    co_signature: bytes,
    now: datetime,
    domain: TypedDomain | None = None,
    correction: bool = False,
) -> Binding:
    """Record a binding and log the BINDING entry; the terms that were recorded last again return their binding.

    The member's account co-signs the terms under `domain` (the platform's chain by default), so that
    nobody sells at a point without its owner's key. Only a feeder has no account, and needs none. A
    `correction` may reach into closed slots, whose intervals are then to be derived again.
    Raises MeteringError that names the field.
    """
    # One after the other for a point: each cites the one before.
    MeteringPoint.objects.select_for_update(no_key=True).get(pk=terms.point.pk)
    known = _same_binding(terms)
    if known is not None:
        return known
    check_terms(terms, correction=correction)
    if terms.account is None:
        if terms.point.kind != PointKind.FEEDER:
            raise MeteringError(f"{terms.point}: account is missing; only a feeder's point has none.")
    else:
        digest = typed_data.digest(domain or chain_queries.eip712_domain(), "Binding", terms.message())
        if not signing.verify(terms.account_bytes, digest, co_signature, now=now):
            raise MeteringError(f"{terms.point}: co_signature is not the account's over these terms.")
    previous = Binding.objects.filter(point=terms.point).order_by("-id").first()
    fields: dict[str, Value] = {
        "point": terms.point.word,
        "zone": terms.point.zone.word,
        "account": terms.account_bytes,
        "meterSerialHash": terms.serial_hash,
        "reversed": terms.reversed,
        "multiplierNum": terms.multiplier_num,
        "multiplierDen": terms.multiplier_den,
        "fromDay": terms.from_day,
        "toDay": terms.to_day,
        "prevBinding": previous.log_index if previous else None,
        "coSignatureHash": sha256(co_signature).digest(),
    }
    entry = NewEntry(kind=EntryKind.BINDING, fields=fields, scope=terms.point.pk, period=date_of_day(terms.from_day))
    (index,) = append(entries=[entry], now=now)
    return Binding.objects.create(
        point=terms.point,
        meter=terms.meter,
        account=terms.account,
        reversed=terms.reversed,
        multiplier_num=terms.multiplier_num,
        multiplier_den=terms.multiplier_den,
        from_day=terms.from_day,
        to_day=terms.to_day,
        co_signature=co_signature,
        previous=previous,
        log_index=index,
        recorded_at=now,
    )


def _same_binding(terms: BindingTerms) -> Binding | None:
    """Return the point's last binding if it has these terms: an earlier one with them was overruled since."""
    last = Binding.objects.filter(point=terms.point).order_by("-pk").first()
    if last is None:
        return None
    wanted = (terms.meter.pk, terms.account.pk if terms.account else None, terms.from_day, terms.to_day)
    found = (last.meter_id, last.account_id, last.from_day, last.to_day)
    scale = (terms.reversed, terms.multiplier_num, terms.multiplier_den)
    return last if found == wanted and scale == (last.reversed, last.multiplier_num, last.multiplier_den) else None


def check_terms(terms: BindingTerms, *, correction: bool = False) -> None:
    """Raise MeteringError that names the field of terms that cannot be."""
    last_day = typed_data.OPEN_DAY - 1
    if not 0 <= terms.from_day <= last_day or not 0 <= (terms.to_day or 0) <= last_day:
        raise MeteringError(f"{terms.point}: from_day and to_day must be days from 0 to {last_day}.")
    if not max(terms.multiplier_num, terms.multiplier_den) <= MAX_MULTIPLIER:
        raise MeteringError(f"{terms.point}: multiplier_num and multiplier_den must be at most {MAX_MULTIPLIER}.")
    if terms.multiplier_num <= 0 or terms.multiplier_den <= 0:
        raise MeteringError(f"{terms.point}: multiplier_num and multiplier_den must be above 0.")
    if terms.to_day is not None and terms.to_day <= terms.from_day:
        raise MeteringError(f"{terms.point}: to_day must be after from_day.")
    if correction:
        return
    closed = SlotClose.objects.filter(zone=terms.point.zone_id).values_list("next_slot", flat=True).first()
    if closed is not None and terms.from_day * SLOTS_PER_DAY < closed:
        first_open = -(-closed // SLOTS_PER_DAY)
        raise MeteringError(f"{terms.point}: from_day lies in closed slots; begin on day {first_open} or later.")
