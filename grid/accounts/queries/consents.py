"""Consents as giver and receiver see them, and the log of who looked."""

from datetime import datetime

from django.db.models import QuerySet

from grid.accounts.models import Access, Account, Community, Consent, DataSet, Role, User, WatchReport


def third_parties(community: Community) -> QuerySet[User]:
    """The third parties that the operator of a community has admitted, by name."""
    found = User.objects.filter(
        is_active=True, role_grants__community=community, role_grants__role=Role.THIRD_PARTY
    ).distinct()
    return found.order_by("display_name", "username")


def consents_given(account: Account) -> QuerySet[Consent]:
    """Every consent of an account, ended ones included, newest first."""
    return Consent.objects.filter(account=account).select_related("grantee", "given_by").order_by("-given_at", "-id")


def consents_received(user: User, *, now: datetime) -> QuerySet[Consent]:
    """What stands for a third party at this moment."""
    standing = Consent.objects.filter(
        grantee=user, grantee__is_active=True, revoked_at=None, given_at__lte=now, ends_at__gt=now
    )
    return standing.select_related("account__community").order_by("account__label", "data_set", "id")


def standing_consents(user: User, data_set: DataSet, *, now: datetime) -> QuerySet[Consent]:
    """What stands for a third party of one data set.

    Who is no longer admitted by the account's community holds nothing, whatever was given before.
    """
    admitted = user.role_grants.filter(role=Role.THIRD_PARTY).values("community")
    return consents_received(user, now=now).filter(data_set=data_set, account__community__in=admitted)


def access_log_of(account: Account) -> QuerySet[Access]:
    """Who looked at an account's data without being its member, newest first."""
    return Access.objects.filter(account=account).select_related("user", "consent").order_by("-at", "-id")


def watch_reports(account: Account) -> QuerySet[WatchReport]:
    """What the watchers of an account said last, the newest first."""
    return WatchReport.objects.filter(account=account).select_related("user").order_by("-checked_at")
