"""The metering points of an account, and what stands behind them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Max, Q, QuerySet

from grid.accounts.models import Account, User
from grid.domain.slots import SLOT_SECONDS, day_of, slot_of
from grid.metering.models import Binding, Envelope, Meter, MeteringPoint, MeterKey, Register
from grid.metering.queries import bindings_of

SILENT_AFTER = timedelta(seconds=4 * SLOT_SECONDS)
"""A meter that said nothing for four slots counts as silent."""


@dataclass(frozen=True)
class PointView:
    """A metering point with its present binding, meter and key."""

    point: MeteringPoint
    binding: Binding
    meter: Meter
    key: MeterKey | None
    silent: bool


def points_of(account: Account) -> QuerySet[MeteringPoint]:
    """Points bound to the account now or in the past, by name."""
    bound = Binding.objects.filter(account=account).values("point")
    return MeteringPoint.objects.filter(id__in=bound).select_related("zone__community").order_by("name", "id")


def viewable_point(user: User, point_id: UUID) -> tuple[MeteringPoint, Account] | None:
    """The point and the account it is bound to, when the person may see that account."""
    binding = (
        Binding.objects.filter(point_id=point_id, account__members__user=user)
        .select_related("point__zone__community", "account__community")
        .order_by("-from_day", "-id")
        .first()
    )
    return None if binding is None or binding.account is None else (binding.point, binding.account)


def owned_days(account: Account, point: MeteringPoint) -> list[tuple[int, int | None]]:
    """The UTC days (from, to exclusive) in which the point was the account's. Others' days stay theirs."""
    bindings = Binding.objects.filter(account=account, point=point).order_by("from_day", "id")
    return [(binding.from_day, binding.to_day) for binding in bindings]


def is_owned(spans: list[tuple[int, int | None]], slot: int) -> bool:
    """Whether a slot's day lies in one of the spans of `owned_days`."""
    return any(start <= day_of(slot) and (end is None or day_of(slot) < end) for start, end in spans)


def signed_records(account: Account, point: MeteringPoint, slots: range) -> dict[int, Envelope]:
    """The signed record with the registers at the end of each slot, for slots of days that were the account's."""
    book = bindings_of(meters=list(Binding.objects.filter(point=point).values_list("meter_id", flat=True)))
    spans = owned_days(account, point)
    wanted: dict[tuple[int, int], int] = {}
    for slot in slots:
        binding = book.of_point(point.id, day_of(slot))
        if binding is not None and is_owned(spans, slot):
            wanted[binding.meter_id, (slot + 1) * SLOT_SECONDS] = slot
    rows = Register.objects.filter(
        meter__in={meter for meter, _ in wanted}, at__in={at for _, at in wanted}
    ).select_related("envelope__meter")
    return {wanted[row.meter_id, row.at]: row.envelope for row in rows if (row.meter_id, row.at) in wanted}


def point_views(account: Account, *, now: datetime) -> list[PointView]:
    """Every point of the account with its binding of today."""
    today = day_of(slot_of(int(now.timestamp())))
    bindings = (
        Binding.objects.filter(account=account, from_day__lte=today)
        .filter(Q(to_day__isnull=True) | Q(to_day__gt=today))
        .select_related("point__zone", "meter")
        .order_by("point__name", "point_id", "-id")
    )
    first: dict[UUID, Binding] = {}
    for binding in bindings:
        first.setdefault(binding.point_id, binding)
    keys = {key.meter_id: key for key in MeterKey.objects.filter(meter__bindings__in=first.values())}
    return [
        PointView(
            binding.point,
            binding,
            binding.meter,
            keys.get(binding.meter_id),
            binding.meter.last_seen_at is None or now - binding.meter.last_seen_at > SILENT_AFTER,
        )
        for binding in first.values()
    ]


def last_closed_slot(point: MeteringPoint) -> int | None:
    """The newest slot with an INTERVAL, or None."""
    return point.interval_set.aggregate(last=Max("slot"))["last"]
