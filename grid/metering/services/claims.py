"""Claim codes: a meter asks to be registered by a code that works once; an operator approves or refuses it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from grid.accounts.models import Role, RoleGrant, User, Zone
from grid.domain import lifecycle
from grid.domain.entries import Suite
from grid.domain.lifecycle import ApplicationState
from grid.domain.ocmf import SUITE_NAMES
from grid.domain.refusals import Refused
from grid.metering.models import Application, ClaimCode, Meter, MeterEvent, MeterEventKind
from grid.metering.services import registry

CODE_LIFE = timedelta(hours=24)
MAX_OPEN_CODES = 200
"""Codes of a zone that may be open at once: more would only help who guesses."""
MAX_MODULUS = 10**15

_MAY = (Role.OPERATOR, Role.METER_DATA_RESPONSIBLE)


def require_role(zone: Zone, by: User) -> None:
    """Raise Refused (not_allowed) unless the person may change meters of the zone."""
    if not RoleGrant.objects.filter(user=by, community=zone.community_id, role__in=_MAY).exists():
        raise Refused("not_allowed", "Only an operator or the meter-data responsible may change meters.")


def require_reason(reason: str) -> str:
    """Return a reason without spaces around it. Raises Refused (no_reason, long_reason)."""
    text = reason.strip()
    if not text:
        raise Refused("no_reason", "Say why.")
    if len(text) > 500:
        raise Refused("long_reason", "Say it in at most 500 characters.")
    return text


def issue(*, zone: Zone, by: User, now: datetime, note: str = "") -> tuple[ClaimCode, str]:
    """Return a new claim code and its text, which is shown once and never stored. Raises Refused."""
    require_role(zone, by)
    if ClaimCode.objects.filter(zone=zone, used_at__isnull=True, expires_at__gt=now).count() >= MAX_OPEN_CODES:
        raise Refused("too_many_codes", f"{MAX_OPEN_CODES} codes are open: use them, or let them expire.")
    text = lifecycle.new_code()
    made = ClaimCode.objects.create(
        zone=zone,
        code_hash=lifecycle.code_hash(text),
        note=note.strip()[:120],
        created_by=by,
        created_at=now,
        expires_at=now + CODE_LIFE,
    )
    return made, text


@dataclass(frozen=True, slots=True)
class Claim:
    """What a device sends to be claimed. `signature` is over `lifecycle.claim_text`, by its own key."""

    code: str
    serial: str
    suite: Suite
    public_key: bytes
    signature: bytes
    vendor: str = ""
    model: str = ""
    register_modulus_wh: int = 10**9


@transaction.atomic
def claim(*, asked: Claim, now: datetime) -> Application:
    """Use up a code and keep the device's application; the same claim again returns the same one.

    Raises Refused: claim_unknown (no such code, used by another, or expired: which is not told), claim_signature,
    claim_malformed, claim_serial.
    """
    _check(asked)
    code = ClaimCode.objects.select_for_update().filter(code_hash=lifecycle.code_hash(asked.code)).first()
    if code is not None and code.used_at is not None:
        known = Application.objects.filter(claim=code, serial=asked.serial, public_key=asked.public_key).first()
        if known is not None:
            return known
    if code is None or code.used_at is not None or code.expires_at <= now:
        raise Refused("claim_unknown", "No claim code like this is open: ask the operator for a new one.")
    if Meter.objects.filter(serial=asked.serial).exists() or _pending(asked.serial):
        raise Refused("claim_serial", f"Meter {asked.serial} is registered, or waits for approval: rotate its key.")
    code.used_at = now
    code.save(update_fields=["used_at"])
    return Application.objects.create(
        zone=code.zone,
        claim=code,
        serial=asked.serial,
        suite=SUITE_NAMES[asked.suite],
        public_key=asked.public_key,
        vendor=asked.vendor,
        model=asked.model,
        register_modulus_wh=asked.register_modulus_wh,
        asked_at=now,
    )


def _pending(serial: str) -> bool:
    return Application.objects.filter(serial=serial, state=ApplicationState.PENDING).exists()


def _check(asked: Claim) -> None:
    if not 1 <= len(asked.serial) <= 64 or not asked.serial.isprintable() or asked.serial != asked.serial.strip():
        raise Refused("claim_malformed", "serial: 1 to 64 printable characters without space around them.")
    if len(asked.vendor) > 64 or len(asked.model) > 64 or not (asked.vendor + asked.model).isprintable():
        raise Refused("claim_malformed", "vendor and model: at most 64 printable characters each.")
    if not 0 < asked.register_modulus_wh <= MAX_MODULUS:
        raise Refused("claim_malformed", f"register_modulus_wh: above 0, at most {MAX_MODULUS}.")
    if not lifecycle.is_key(asked.suite, asked.public_key):
        raise Refused("claim_malformed", f"public_key: no compressed point (33 bytes) of {asked.suite.name}.")
    text = lifecycle.claim_text(code=asked.code, serial=asked.serial, suite=asked.suite, public_key=asked.public_key)
    if not lifecycle.signed(suite=asked.suite, public_key=asked.public_key, text=text, signature=asked.signature):
        raise Refused("claim_signature", "The signature is not this key's over the claim text.")


@transaction.atomic
def approve(*, application: Application, by: User, now: datetime) -> Meter:
    """Register the meter with its first key; approving again returns it. Raises Refused."""
    require_role(application.zone, by)
    row = Application.objects.select_for_update(of=("self",)).select_related("zone").get(pk=application.pk)
    if row.state == ApplicationState.APPROVED and row.meter is not None:
        return row.meter
    if row.state != ApplicationState.PENDING:
        raise Refused("decided", "The application was refused: the device needs a new claim code.")
    meter = registry.register_meter(
        zone=row.zone,
        serial=row.serial,
        suite=_suite(row.suite),
        public_key=bytes(row.public_key),
        vendor=row.vendor,
        model=row.model,
        register_modulus_wh=row.register_modulus_wh,
        now=now,
    )
    row.state, row.decided_at, row.decided_by, row.meter = ApplicationState.APPROVED, now, by, meter
    row.save(update_fields=["state", "decided_at", "decided_by", "meter"])
    MeterEvent.objects.create(
        meter=meter,
        kind=MeterEventKind.REGISTERED,
        at=now,
        by=by,
        log_index=meter.keys.order_by("pk").values_list("log_index", flat=True).first(),
    )
    return meter


@transaction.atomic
def refuse(*, application: Application, by: User, reason: str, now: datetime) -> Application:
    """Refuse an application with a reason, which the device is told. Raises Refused."""
    require_role(application.zone, by)
    text = require_reason(reason)
    row = Application.objects.select_for_update().get(pk=application.pk)
    if row.state == ApplicationState.REFUSED:
        return row
    if row.state != ApplicationState.PENDING:
        raise Refused("decided", "The meter was approved: revoke it instead.")
    row.state, row.reason, row.decided_at, row.decided_by = ApplicationState.REFUSED, text, now, by
    row.save(update_fields=["state", "reason", "decided_at", "decided_by"])
    return row


def _suite(name: str) -> Suite:
    return next(suite for suite, known in SUITE_NAMES.items() if known == name)
