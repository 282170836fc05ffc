"""The frame around every page: who is signed in and where they can go."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from grid.accounts.models import Role, User
from grid.accounts.queries import accounts_of, roles_of


@dataclass(frozen=True)
class NavItem:
    """A place in the navigation; `section` marks it while one of its pages is shown."""

    label: str
    url: str
    section: str


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `navigation` (asked for only by whole pages) and `demo`."""
    return {"navigation": SimpleLazyObject(lambda: _navigation(request)), "demo": settings.DEMO}


def _navigation(request: HttpRequest) -> list[NavItem]:
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return []
    roles = roles_of(user)
    return _account_items(user) + _role_items(roles)


def _account_items(user: User) -> list[NavItem]:
    if not accounts_of(user).exists():
        return []
    return [
        NavItem(_("Home"), reverse("home"), "home"),
        NavItem(_("Statements"), reverse("statements"), "statements"),
        NavItem(_("Readings"), reverse("points"), "points"),
        NavItem(_("Access"), reverse("access"), "access"),
    ]


def _role_items(roles: frozenset[str]) -> list[NavItem]:
    """What fits each role; the views themselves are guarded by the same lists."""
    entries = [
        (DESK_ROLES, _("Desk"), "desk"),
        (METER_ROLES, _("Meters"), "meters"),
        (RUN_ROLES, _("Settlement"), "runs"),
        (LOG_ROLES, _("Log"), "log"),
        (SHARED_ROLES, _("Shared with me"), "shared"),
    ]
    return [NavItem(label, reverse(name), name) for allowed, label, name in entries if roles.intersection(allowed)]


DESK_ROLES = (Role.OPERATOR,)
METER_ROLES = (Role.OPERATOR, Role.METER_DATA_RESPONSIBLE)
RUN_ROLES = (Role.OPERATOR, Role.ARBITER, Role.AUDITOR)
LOG_ROLES = (Role.OPERATOR, Role.METER_DATA_RESPONSIBLE, Role.ARBITER, Role.AUDITOR)
SHARED_ROLES = (Role.THIRD_PARTY,)
