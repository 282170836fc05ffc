"""Keys after the first: rotation by the device, replacement by the operator, revocation, decommission.

Every change is a KEY entry. Of several KEY entries of one meter and key the last one counts, so that closing
a key is an entry too, and what was signed before stays valid.
"""

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

from django.db import transaction

from grid.accounts.models import User, Zone
from grid.domain import lifecycle
from grid.domain.entries import EntryKind, Suite
from grid.domain.lifecycle import OVERLAP_RECORDS, Step, StepRefused
from grid.domain.ocmf import SUITE_NAMES
from grid.domain.refusals import Refused
from grid.metering.models import Binding, Meter, MeterEvent, MeterEventKind, MeterKey
from grid.metering.services.claims import require_reason, require_role
from grid.records.services import NewEntry, append

MAX_AHEAD = 100_000
"""How far beyond the last counter a new key may begin."""
_SUITES = {name: suite for suite, name in SUITE_NAMES.items()}


@transaction.atomic
def rotate(
    *,
    serial: str,
    suite: Suite,
    public_key: bytes,
    from_counter: int,
    old_signature: bytes,
    new_signature: bytes,
    now: datetime,
) -> MeterKey:
    """Let a new key follow from a counter on; old and new key both sign `lifecycle.rotation_text`.

    The old key stays good for the 96 counters from there on. The same rotation again returns the key. Raises
    Refused: key_unknown_meter, key_signature (which of both is said only to who holds the old key), key_counter,
    key_malformed, key_state.
    """
    meter = Meter.objects.select_for_update().filter(serial=serial).first()
    if meter is None:
        raise Refused("key_unknown_meter", "No meter of this serial is registered.")
    if not lifecycle.is_key(suite, public_key):
        raise Refused("key_malformed", f"public_key: no compressed point (33 bytes) of {suite.name}.")
    text = lifecycle.rotation_text(serial=serial, suite=suite, public_key=public_key, from_counter=from_counter)
    open_keys = list(meter.keys.filter(to_counter__isnull=True).order_by("-from_counter", "-pk"))
    known = meter.keys.filter(public_key=public_key, suite=SUITE_NAMES[suite], from_counter=from_counter).first()
    holders = list(meter.keys.all()) if known else open_keys
    if not any(_signed(key, text, old_signature) for key in holders if known is None or key.pk != known.pk):
        raise Refused("key_signature", "old_signature is not the present key's over the rotation text.")
    if not lifecycle.signed(suite=suite, public_key=public_key, text=text, signature=new_signature):
        raise Refused("key_signature", "new_signature is not the new key's over the rotation text.")
    if known is not None:
        return known
    state = _step(meter, Step.ROTATE_KEY)
    _check_new(meter, suite, public_key, from_counter)
    made = _follow(meter, open_keys, suite, public_key, from_counter, overlap=OVERLAP_RECORDS, now=now)
    _note(meter, MeterEventKind.KEY_ROTATED, state, now=now, log_index=made.log_index)
    return made


@transaction.atomic
def replace(
    *, meter: Meter, suite: Suite, public_key: bytes, from_counter: int, by: User, reason: str, now: datetime
) -> MeterKey:
    """Give a meter a new key when the old one is lost: the operator stands for it. No overlap. Raises Refused."""
    zone = zone_of(meter)
    require_role(zone, by)
    text = require_reason(reason)
    meter = Meter.objects.select_for_update().get(pk=meter.pk)
    known = meter.keys.filter(public_key=public_key, suite=SUITE_NAMES[suite], from_counter=from_counter).first()
    if known is not None:
        return known
    if not lifecycle.is_key(suite, public_key):
        raise Refused("key_malformed", f"public_key: no compressed point (33 bytes) of {suite.name}.")
    state = _step(meter, Step.REPLACE_KEY)
    _check_new(meter, suite, public_key, from_counter)
    open_keys = list(meter.keys.filter(to_counter__isnull=True))
    made = _follow(meter, open_keys, suite, public_key, from_counter, overlap=0, now=now)
    _note(meter, MeterEventKind.KEY_REPLACED, state, now=now, by=by, reason=text, log_index=made.log_index)
    return made


@transaction.atomic
def revoke(*, meter: Meter, from_counter: int, by: User, reason: str, now: datetime) -> Meter:
    """Trust nothing that the meter signs from a counter on; what was before stays. Raises Refused."""
    return _end(meter, Step.REVOKE, MeterEventKind.REVOKED, from_counter, by, reason, now)


@transaction.atomic
def decommission(*, meter: Meter, by: User, reason: str, now: datetime) -> Meter:
    """Take a meter out of use for good: nothing after its last record counts. Raises Refused, also while a point
    has it without an end."""
    if _bound_from(meter, int(now.timestamp()) // 86_400):
        raise Refused("still_bound", "A point still has this meter: exchange it, or bind the point without it first.")
    return _end(meter, Step.DECOMMISSION, MeterEventKind.DECOMMISSIONED, meter.last_counter + 1, by, reason, now)


def zone_of(meter: Meter) -> Zone:
    """Return the zone a meter belongs to: of its last binding, else of its application. Raises Refused."""
    binding = Binding.objects.filter(meter=meter).select_related("point__zone").order_by("-pk").first()
    if binding is not None:
        return binding.point.zone
    application = meter.applications.select_related("zone").order_by("-decided_at").first()
    if application is None:
        raise Refused("no_zone", "This meter belongs to no zone: bind it to a point first.")
    return application.zone


def _bound_from(meter: Meter, day: int) -> bool:
    """Say whether the meter is what a point has today or later."""
    for binding in Binding.objects.filter(meter=meter).select_related("point"):
        if binding.to_day is not None and binding.to_day <= day:
            continue
        later = Binding.objects.filter(point=binding.point, pk__gt=binding.pk, to_day__isnull=True)
        if not later.filter(from_day__lte=day).exists():
            return True
    return False


def _end(
    meter: Meter, step: Step, kind: MeterEventKind, from_counter: int, by: User, reason: str, now: datetime
) -> Meter:
    zone = zone_of(meter)
    require_role(zone, by)
    text = require_reason(reason)
    meter = Meter.objects.select_for_update().get(pk=meter.pk)
    if from_counter < 1:
        raise Refused("key_counter", "from_counter: 1 or above.")
    state = _step(meter, step)
    closed = [key for key in meter.keys.all() if key.to_counter is None or key.to_counter > from_counter]
    indices = _log(zone, [(key, max(from_counter, key.from_counter)) for key in closed], now)
    for key in closed:
        key.to_counter = max(from_counter, key.from_counter)
        key.save(update_fields=["to_counter"])
    _note(meter, kind, state, now=now, by=by, reason=text, log_index=indices[-1] if indices else None)
    return meter


def _check_new(meter: Meter, suite: Suite, public_key: bytes, from_counter: int) -> None:
    if meter.keys.filter(public_key=public_key, suite=SUITE_NAMES[suite]).exists():
        raise Refused("key_malformed", "public_key: the meter had this key before; make a new one.")
    first = max((key.from_counter for key in meter.keys.all()), default=0)
    last = max(meter.last_counter, first)
    if not first < from_counter <= last + MAX_AHEAD:
        raise Refused("key_counter", f"from_counter: above {first}, at most {last + MAX_AHEAD}.")


def _follow(
    meter: Meter,
    old: Sequence[MeterKey],
    suite: Suite,
    public_key: bytes,
    from_counter: int,
    *,
    overlap: int,
    now: datetime,
) -> MeterKey:
    """Write the new key and the end of the old ones, rows and KEY entries."""
    made = MeterKey(meter=meter, suite=SUITE_NAMES[suite], public_key=public_key, from_counter=from_counter)
    end = from_counter + overlap
    indices = _log(zone_of(meter), [*((key, end) for key in old), (made, None)], now)
    for key in old:
        key.to_counter = end
        key.save(update_fields=["to_counter"])
    made.log_index = indices[-1]
    made.save()
    return made


def _log(zone: Zone, keys: Sequence[tuple[MeterKey, int | None]], now: datetime) -> list[int]:
    entries = [
        NewEntry(
            kind=EntryKind.KEY,
            fields={
                "meterSerialHash": sha256(key.meter.serial.encode()).digest(),
                "publicKeyHash": sha256(bytes(key.public_key)).digest(),
                "suite": int(_SUITES[key.suite]),
                "fromCounter": key.from_counter,
                "toCounter": to_counter,
            },
            scope=zone.pk,
            period=now.date(),
        )
        for key, to_counter in keys
    ]
    return append(entries=entries, now=now) if entries else []


def _step(meter: Meter, step: Step) -> str:
    try:
        return lifecycle.after(meter.state, step).value
    except StepRefused as refused:
        raise Refused("key_state", str(refused)) from None


def _note(
    meter: Meter,
    kind: MeterEventKind,
    state: str,
    *,
    now: datetime,
    by: User | None = None,
    reason: str = "",
    log_index: int | None = None,
) -> None:
    meter.state = state
    meter.save(update_fields=["state"])
    MeterEvent.objects.create(meter=meter, kind=kind, at=now, by=by, reason=reason, log_index=log_index)


def _signed(key: MeterKey, text: bytes, signature: bytes) -> bool:
    return lifecycle.signed(suite=_SUITES[key.suite], public_key=bytes(key.public_key), text=text, signature=signature)
