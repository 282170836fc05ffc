"""The metering points of an account, and what stands behind them.

A point's days belong to the account whose binding, of those that cover the day, was recorded last. Who
moved out keeps the own days and sees none of the next owner's; who moved in sees none of the days before.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Min

from grid.accounts.models import Account, User
from grid.domain.lifecycle import ProposalState
from grid.domain.slots import SLOT_SECONDS, SLOTS_PER_DAY, day_of, slot_of
from grid.metering.models import Binding, BindingProposal, Interval, Meter, MeteringPoint, MeterKey
from grid.metering.queries import BindingBook, intervals

SILENT_AFTER = timedelta(seconds=4 * SLOT_SECONDS)
"""A meter that said nothing for four slots counts as silent."""


class Ownership:
    """Whose a point's days are, for one account."""

    def __init__(self, account: Account, points: Iterable[UUID]) -> None:
        self._account = account.pk
        bindings = Binding.objects.filter(point__in=list(points)).select_related("point__zone__community", "meter")
        self._book = BindingBook(bindings)

    def binding(self, point: UUID, slot: int) -> Binding | None:
        """The point's binding in the slot, when it is the account's."""
        found = self._book.of_point(point, day_of(slot))
        return found if found is not None and found.account_id == self._account else None

    def owns(self, point: UUID, slot: int) -> bool:
        """Whether the slot of the point is the account's."""
        return self.binding(point, slot) is not None


@dataclass(frozen=True)
class PointView:
    """A metering point with its present binding, meter and key."""

    point: MeteringPoint
    binding: Binding
    meter: Meter
    key: MeterKey | None
    silent: bool


def present_bindings(account: Account, *, now: datetime) -> list[Binding]:
    """The bindings by which points are the account's today, by name of the point."""
    points = set(Binding.objects.filter(account=account).values_list("point_id", flat=True))
    ownership, slot = Ownership(account, points), slot_of(int(now.timestamp()))
    found = [binding for point in points if (binding := ownership.binding(point, slot)) is not None]
    return sorted(found, key=lambda binding: (binding.point.name, str(binding.point_id)))


def present_points(account: Account, *, now: datetime) -> list[MeteringPoint]:
    """The points that are the account's today."""
    return [binding.point for binding in present_bindings(account, now=now)]


def viewable_point(user: User, point_id: UUID) -> tuple[MeteringPoint, Account] | None:
    """The point and the account of the person's it is or was bound to; days are checked by `Ownership`."""
    binding = (
        Binding.objects.filter(point_id=point_id, account__members__user=user)
        .select_related("point__zone__community", "account__community")
        .order_by("-id")
        .first()
    )
    return None if binding is None or binding.account is None else (binding.point, binding.account)


def own_intervals(account: Account, point: MeteringPoint, slots: range) -> dict[int, Interval]:
    """The newest version of the point's intervals in slots that are the account's."""
    ownership = Ownership(account, [point.id])
    rows = intervals(points=[point.id], from_slot=slots.start, to_slot=slots.stop)
    return {row.slot: row for row in rows if ownership.owns(point.id, row.slot)}


def point_views(account: Account, *, now: datetime) -> list[PointView]:
    """Every point of the account today with its meter's newest key."""
    bindings = present_bindings(account, now=now)
    meters = [binding.meter_id for binding in bindings]
    keys = {key.meter_id: key for key in MeterKey.objects.filter(meter__in=meters).order_by("from_counter")}
    return [
        PointView(
            binding.point,
            binding,
            binding.meter,
            keys.get(binding.meter_id),
            binding.meter.last_seen_at is None or now - binding.meter.last_seen_at > SILENT_AFTER,
        )
        for binding in bindings
    ]


def open_proposals(account: Account) -> list[BindingProposal]:
    """Bindings that wait for the account's signature, oldest first."""
    rows = BindingProposal.objects.filter(account=account, state=ProposalState.OPEN).select_related("point")
    return list(rows.order_by("proposed_at"))


def last_closed_slot(point: MeteringPoint) -> int | None:
    """The newest slot with an INTERVAL, or None."""
    first_day = Binding.objects.filter(point=point).aggregate(first=Min("from_day"))["first"]
    registered = slot_of(int(point.registered_at.timestamp()))
    # The index is in the order of slots: without a first one, a point that has none would be sought through them all.
    first = registered if first_day is None else min(registered, first_day * SLOTS_PER_DAY)
    rows = Interval.objects.filter(point=point, slot__gte=first).order_by("-slot")
    return rows.values_list("slot", flat=True).first()
