"""Who may see and do what: accounts by membership, communities and zones by role."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils.translation import gettext

from grid.accounts.models import Account, AccountMember, AccountRight, Role, RoleGrant, User, Zone


def accounts_of(user: User) -> QuerySet[Account]:
    """Accounts the person owns or may view, oldest first."""
    return Account.objects.filter(members__user=user).select_related("community").order_by("created_at", "address")


def viewable_account(user: User, address: str) -> Account | None:
    """The account with this address (any case), or None when it is not the person's to see."""
    return accounts_of(user).filter(address=address.lower()).first()


def may_view(account: Account, user: User) -> bool:
    """Whether the person is owner or viewer of the account."""
    return AccountMember.objects.filter(account=account, user=user).exists()


def may_act(account: Account, user: User) -> bool:
    """Whether the person may act for the account: owners only."""
    return AccountMember.objects.filter(account=account, user=user, right=AccountRight.OWNER).exists()


def roles_of(user: User) -> frozenset[str]:
    """The roles the person holds in any community."""
    return frozenset(RoleGrant.objects.filter(user=user).values_list("role", flat=True))


def zones_with_role(user: User, roles: Iterable[Role]) -> QuerySet[Zone]:
    """Zones of the communities in which the person holds one of these roles."""
    communities = RoleGrant.objects.filter(user=user, role__in=list(roles)).values("community")
    return Zone.objects.filter(community__in=communities).select_related("community").order_by("name", "id")


@dataclass(frozen=True)
class DemoPerson:
    """Somebody the demonstration's login page offers, and the part they play."""

    user: User
    part: str


def demo_people() -> list[DemoPerson]:
    """The demonstration's people: the first prosumers, then whoever holds a role. Never administrators."""
    people = User.objects.filter(is_active=True, is_superuser=False)
    owners = people.filter(account_memberships__right=AccountRight.OWNER).distinct().order_by("id")[:4]
    offered = {user.pk: DemoPerson(user, gettext("Prosumer")) for user in owners}
    holders = people.filter(role_grants__isnull=False).prefetch_related("role_grants").distinct().order_by("id")
    for user in holders[:12]:
        roles = ", ".join(grant.get_role_display() for grant in user.role_grants.all())
        offered.setdefault(user.pk, DemoPerson(user, roles))
    return list(offered.values())
