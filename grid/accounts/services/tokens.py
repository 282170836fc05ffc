"""Personal API tokens: shown once, kept as a hash, scoped, revocable, with an end."""

import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from hashlib import sha256

from django.utils.translation import gettext as _

from grid.accounts.errors import AccountsError
from grid.accounts.models import ApiToken, Scope, User

PREFIX = "cwt_"
SECRET_BYTES = 32
LONGEST = timedelta(days=366)
MOST_TOKENS = 50
USE_NOTED_EVERY = timedelta(minutes=5)


def issue_token(*, user: User, name: str, scopes: Collection[str], days: int, now: datetime) -> tuple[ApiToken, str]:
    """Make a token and return it with its secret, which nobody can read again.

    Raises AccountsError: `bad_name`, `bad_scope`, `bad_end`, `too_many`.
    """
    name = name.strip()
    if not 1 <= len(name) <= 80:
        raise AccountsError("bad_name", "name", _("Give the token a name of at most 80 characters."))
    if not scopes or not set(scopes) <= set(Scope.values):
        raise AccountsError("bad_scope", "scopes", _("Choose what the token may be used for."))
    if not 1 <= days <= LONGEST.days:
        raise AccountsError("bad_end", "days", _("A token lasts from one day to a year."))
    if user.api_tokens.filter(revoked_at=None, expires_at__gt=now).count() >= MOST_TOKENS:
        raise AccountsError("too_many", "name", _("Revoke a token that is no longer used first."))
    secret = PREFIX + secrets.token_urlsafe(SECRET_BYTES)
    token = ApiToken.objects.create(
        user=user,
        name=name,
        digest=_digest(secret),
        hint=secret[:8],
        scopes=sorted(set(scopes)),
        created_at=now,
        expires_at=now + timedelta(days=days),
    )
    return token, secret


def revoke_token(*, user: User, token_id: int, now: datetime) -> None:
    """End a token at once; one that has ended stays as it is. Raises AccountsError: `no_such_token`."""
    token = ApiToken.objects.filter(user=user, pk=token_id).first()
    if token is None:
        raise AccountsError("no_such_token", "token", _("You have no such token."))
    if token.revoked_at is None:
        token.revoked_at = now
        token.save(update_fields=["revoked_at"])


def find_token(secret: str, *, now: datetime) -> ApiToken | None:
    """Return the token of a secret while it stands and its owner is active; notes roughly when it was used.

    A secret has 256 random bits, so a plain hash is looked up: there is nothing to guess and nothing to time.
    """
    if not secret.startswith(PREFIX) or len(secret) > 100:
        return None
    token = ApiToken.objects.select_related("user").filter(digest=_digest(secret)).first()
    if token is None or not token.stands(now) or not token.user.is_active:
        return None
    if token.last_used_at is None or now - token.last_used_at >= USE_NOTED_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
    return token


def _digest(secret: str) -> bytes:
    return sha256(secret.encode()).digest()
