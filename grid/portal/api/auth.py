"""Who calls: a personal token, or the session of the pages. Sessions only read."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from ninja.security import APIKeyCookie, HttpBearer

from grid import clock
from grid.accounts.models import ApiToken, Scope, User
from grid.accounts.services import find_token
from grid.portal.api.problems import Refused


@dataclass(frozen=True)
class Caller:
    """The person, and the token they came with (none for a session)."""

    user: User
    token: ApiToken | None


class Token(HttpBearer):
    """A personal API token, `Authorization: Bearer cwt_...`."""

    def authenticate(self, request: HttpRequest, token: str) -> Caller | None:
        found = find_token(token, now=clock.now())
        return None if found is None else Caller(found.user, found)


class Session(APIKeyCookie):
    """The session of a signed-in person; for reading only, so that no other site can write through it."""

    param_name = settings.SESSION_COOKIE_NAME

    def __init__(self) -> None:
        super().__init__(csrf=False)

    def authenticate(self, request: HttpRequest, key: str | None) -> Caller | None:
        return Caller(request.user, None) if isinstance(request.user, User) else None


def caller(request: Any, scope: Scope) -> User:
    """The person behind a request. Raises Refused when the token does not have the scope."""
    found: Caller = request.auth
    if found.token is not None and scope not in found.token.scopes:
        raise Refused("missing-scope", f"This needs a token with the scope {scope.value!r}.")
    return found.user
