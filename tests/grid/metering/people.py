"""People of the small zone: who may change meters there, and who may not."""

from grid.accounts.models import Community, Role, RoleGrant, User, Zone


def holder(username: str, community: Community, *roles: Role) -> User:
    """A person with roles in a community."""
    person = User.objects.create(username=username)
    for role in roles:
        RoleGrant.objects.create(user=person, community=community, role=role)
    return person


def operator(zone: Zone) -> User:
    return holder("olga", zone.community, Role.OPERATOR)


def auditor(zone: Zone) -> User:
    """A teammate whose role does not allow it."""
    return holder("aurel", zone.community, Role.AUDITOR)


def stranger() -> User:
    """Who holds the right role in another community."""
    elsewhere = Community.objects.create(
        slug="dale", name="Dale", time_zone="Europe/Berlin", currency="EUR", country="DE"
    )
    return holder("otto", elsewhere, Role.OPERATOR)
