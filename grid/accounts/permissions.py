"""Guards of pages: 404 for what is not one's own (its existence is not told), 403 for a missing role."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from uuid import UUID

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase

from grid.accounts.models import Account, Role, User, Zone
from grid.accounts.queries import may_act, roles_of, viewable_account, zones_with_role

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def person(request: HttpRequest) -> User:
    """The signed-in person; pages behind a guard only. Raises PermissionDenied for a stranger."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def signed_in(view: View[P]) -> View[P]:
    """Send who is not signed in to the login page."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        return view(request, *args, **kwargs)

    return guarded


def roles_required(*roles: Role) -> Callable[[View[P]], View[P]]:
    """Let in who holds one of the roles in any community; others get the 403 page.

    The view still takes its objects through `role_zone`, which keeps other communities out.
    """

    def decorate(view: View[P]) -> View[P]:
        @wraps(view)
        @signed_in
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not roles_of(person(request)).intersection(roles):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def own_account(request: HttpRequest, address: str) -> Account:
    """The account, when the person may see it. Raises Http404."""
    account = viewable_account(person(request), address)
    if account is None:
        raise Http404
    return account


def acting_account(request: HttpRequest, address: str) -> Account:
    """The account, when the person may act for it. Raises Http404, or PermissionDenied for a viewer."""
    account = own_account(request, address)
    if not may_act(account, person(request)):
        raise PermissionDenied
    return account


def role_zone(request: HttpRequest, zone_id: UUID, *roles: Role) -> Zone:
    """The zone, when the person holds one of the roles in its community. Raises Http404."""
    zone = zones_with_role(person(request), roles).filter(id=zone_id).first()
    if zone is None:
        raise Http404
    return zone
