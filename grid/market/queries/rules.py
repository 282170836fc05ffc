"""The rules in force: a community's profile on a UTC day."""

from grid.accounts.models import Community
from grid.domain.profile import Profile as Rules
from grid.domain.profile import parse
from grid.pricing.models import Profile


def profile_on(community: Community, day: int) -> Profile | None:
    """Return the profile row in force on a day: the one that began last."""
    rows = Profile.objects.filter(community=community, from_day__lte=day)
    return rows.order_by("-from_day").first()


def rules_on(community: Community, day: int) -> Rules | None:
    """Return the rules in force on a day, or None before the community has any."""
    row = profile_on(community, day)
    return parse(row.document) if row else None
