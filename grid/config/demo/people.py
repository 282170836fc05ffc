"""Who can log in to the demonstration."""

from dataclasses import dataclass

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Permission

from grid.accounts.models import Account, AccountMember, AccountRight, Community, Role, RoleGrant, User

STAFF = (
    ("olga", "Olga Operator", Role.OPERATOR),
    ("mara", "Mara Meter-Data", Role.METER_DATA_RESPONSIBLE),
    ("ada", "Ada Arbiter", Role.ARBITER),
    ("arno", "Arno Arbiter", Role.ARBITER),
    ("astrid", "Astrid Arbiter", Role.ARBITER),
    ("aurel", "Aurel Auditor", Role.AUDITOR),
    ("tess", "Tess Energy Advice", Role.THIRD_PARTY),
)
# Names of the households; the first ones are shown at start.
MEMBERS = (
    "anna", "ben", "clara", "david", "eva", "felix", "greta", "hugo", "ida", "jonas", "klara", "leo",
    "mia", "noah", "olivia", "paul", "romy", "sam", "tilda", "uli",
)  # fmt: skip


@dataclass(frozen=True)
class Login:
    """One line of what `./watt up` prints."""

    username: str
    what: str


def member_name(position: int) -> str:
    """A log-in name for the home at a position: given names first, then numbers."""
    return MEMBERS[position] if position < len(MEMBERS) else f"home{position + 1}"


def create_staff(*, community: Community, password: str) -> list[Login]:
    """Operator, meter-data responsible, three arbiters and an auditor; safe to repeat."""
    hashed = make_password(password)
    for username, name, role in STAFF:
        user, _ = User.objects.get_or_create(
            username=username, defaults={"display_name": name, "password": hashed, "is_staff": role == Role.OPERATOR}
        )
        RoleGrant.objects.get_or_create(user=user, community=community, role=role)
        if role == Role.OPERATOR:
            # The admin shows facts and lets nobody change them.
            user.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    return [Login(username, role.label) for username, _, role in STAFF]


def create_members(*, accounts: list[Account], password: str) -> list[Login]:
    """An owner for each account; the second member may also look at the first one's account."""
    hashed = make_password(password)
    logins = []
    for position, account in enumerate(accounts):
        username = member_name(position)
        user, _ = User.objects.get_or_create(
            username=username, defaults={"display_name": username.capitalize(), "password": hashed}
        )
        AccountMember.objects.get_or_create(account=account, user=user, defaults={"right": AccountRight.OWNER})
        logins.append(Login(username, f"Prosumer, {account.label}"))
    return logins
