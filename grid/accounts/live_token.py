"""The short-lived token by which a page shows the live stream which zones its reader may follow."""

from collections.abc import Iterable
from uuid import UUID

from django.core import signing

from grid.accounts.models import User

SALT = "grid.live"
MAX_AGE_SECONDS = 3600


def issue(*, user: User, zones: Iterable[UUID]) -> str:
    """Return a token for these zones. The caller has checked that the person may follow them."""
    return signing.dumps({"u": user.pk, "z": [str(zone) for zone in zones]}, salt=SALT, compress=True)


def zones_in(token: str) -> list[UUID]:
    """Return the zones of a token. Raises `signing.BadSignature` for a forged or an old one."""
    return [UUID(zone) for zone in signing.loads(token, salt=SALT, max_age=MAX_AGE_SECONDS)["z"]]
