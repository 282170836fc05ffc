"""Tokens of a person."""

from django.db.models import QuerySet

from grid.accounts.models import ApiToken, User


def tokens_of(user: User) -> QuerySet[ApiToken]:
    """Every token of a person, those that ended included, newest first."""
    return ApiToken.objects.filter(user=user).order_by("-created_at", "-id")
