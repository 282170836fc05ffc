"""What a person may read of others' data and of their own, and by which right: membership, consent, or role.

Members read their own days; a third party reads the days its consents cover, while they stand and while the
account's community admits it; a role of the community reads every day of its points. Whoever reads without being
a member is noted in the account's access log. What none of these opens does not exist for the reader (404).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Min

from grid.accounts.models import Account, Consent, DataSet, Role, User
from grid.accounts.queries import accounts_of, standing_consents, zones_with_role
from grid.domain.slots import SLOTS_PER_DAY, day_of
from grid.metering.models import Binding, Interval, MeteringPoint
from grid.metering.queries import intervals
from grid.portal.queries.points import Ownership

POINT_ROLES = (Role.OPERATOR, Role.METER_DATA_RESPONSIBLE)
STATEMENT_ROLES = (Role.OPERATOR, Role.AUDITOR, Role.ARBITER)


@dataclass(frozen=True)
class Grant:
    """One right to an account's data. Without a consent it is by membership, or by a role."""

    account: Account
    consent: Consent | None
    by_role: bool = False

    @property
    def is_member(self) -> bool:
        """Whether the person is the account's owner or viewer."""
        return self.consent is None and not self.by_role

    def covers_day(self, day: int) -> bool:
        """Whether the right reaches a UTC day of data."""
        return self.consent is None or self.consent.covers_day(day)


class PointReach:
    """What a person may read of one metering point."""

    def __init__(self, point: MeteringPoint, grants: Iterable[Grant], *, whole: bool) -> None:
        self.point = point
        self.grants = list(grants)
        self.whole = whole
        self._owned = [Ownership(grant.account, [point.id]) for grant in self.grants]

    @property
    def first_slot(self) -> int:
        """The first slot of the first day on which the point had a meter; no reading is older."""
        first = Binding.objects.filter(point=self.point).aggregate(first=Min("from_day"))["first"]
        return 0 if first is None else int(first) * SLOTS_PER_DAY

    def grant_of(self, slot: int) -> Grant | None:
        """The right by which the slot is read: of the account whose day it is."""
        return next(
            (
                grant
                for grant, owned in zip(self.grants, self._owned, strict=True)
                if grant.covers_day(day_of(slot)) and owned.owns(self.point.id, slot)
            ),
            None,
        )

    def covers(self, slot: int) -> bool:
        """Whether the slot may be read."""
        return self.whole or self.grant_of(slot) is not None

    def rows(self, from_slot: int, to_slot: int, *, known_at: datetime | None = None) -> list[Interval]:
        """The newest version of each readable interval, or the one known at some time; by slot."""
        found = intervals(points=[self.point.id], from_slot=from_slot, to_slot=to_slot, known_at=known_at)
        return [row for row in found if self.covers(row.slot)]


def reachable_point(user: User, point_id: UUID, data_set: DataSet, *, now: datetime) -> PointReach | None:
    """What the person may read of a point, or None when that is nothing."""
    point = MeteringPoint.objects.select_related("zone__community").filter(id=point_id).first()
    if point is None:
        return None
    bound = set(Binding.objects.filter(point=point, account__isnull=False).values_list("account_id", flat=True))
    grants = [Grant(account, None) for account in accounts_of(user).filter(pk__in=bound)]
    if grants:
        return PointReach(point, grants, whole=False)
    if zones_with_role(user, POINT_ROLES).filter(id=point.zone_id).exists():
        accounts = Account.objects.filter(pk__in=bound).select_related("community")
        return PointReach(point, [Grant(account, None, by_role=True) for account in accounts], whole=True)
    consents = standing_consents(user, data_set, now=now).filter(account__in=bound)
    grants = [Grant(consent.account, consent) for consent in consents]
    return PointReach(point, grants, whole=False) if grants else None


def reachable_points(user: User, *, now: datetime) -> list[tuple[MeteringPoint, Account | None]]:
    """The points whose readings the person may read, with the account it is through; by name and id.

    A role reads through no account.
    """
    through: dict[UUID, Account | None] = {}
    zones = zones_with_role(user, POINT_ROLES)
    for point in MeteringPoint.objects.filter(zone__in=zones).values_list("id", flat=True):
        through[point] = None
    consented = [consent.account for consent in standing_consents(user, DataSet.INTERVALS, now=now)]
    for account in [*consented, *accounts_of(user)]:
        for point in Binding.objects.filter(account=account).values_list("point_id", flat=True):
            through[point] = account
    points = MeteringPoint.objects.filter(id__in=through).select_related("zone__community").order_by("name", "id")
    return [(point, through[point.id]) for point in points]


def reachable_account(
    user: User, address: str, data_set: DataSet, *, now: datetime
) -> tuple[Account, list[Grant]] | None:
    """An account and the rights by which the person reads this data set of it, or None."""
    account = Account.objects.select_related("community").filter(address=address.lower()).first()
    if account is None:
        return None
    if accounts_of(user).filter(pk=account.pk).exists():
        return account, [Grant(account, None)]
    roles = STATEMENT_ROLES if data_set == DataSet.STATEMENTS else POINT_ROLES
    if zones_with_role(user, roles).filter(community=account.community).exists():
        return account, [Grant(account, None, by_role=True)]
    consents = standing_consents(user, data_set, now=now).filter(account=account)
    grants = [Grant(account, consent) for consent in consents]
    return (account, grants) if grants else None
