"""A fresh token for the live stream, when a page outlives its first one."""

from django.http import HttpRequest, HttpResponseBase, JsonResponse

from grid.accounts import live_token
from grid.accounts.models import Role
from grid.accounts.permissions import person, signed_in
from grid.accounts.queries import zones_with_role
from grid.metering.models import Binding


@signed_in
def renew(request: HttpRequest) -> HttpResponseBase:
    """Every zone in which the person has a point or a role."""
    user = person(request)
    bound = Binding.objects.filter(account__members__user=user).values_list("point__zone", flat=True)
    zones = {*bound, *zones_with_role(user, list(Role)).values_list("id", flat=True)}
    response = JsonResponse({"token": live_token.issue(user=user, zones=zones)})
    response["Cache-Control"] = "no-store, private"
    return response
