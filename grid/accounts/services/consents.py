"""Giving and revoking consents, and noting each use of one."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from grid.accounts.errors import AccountsError
from grid.accounts.models import Access, Account, Consent, DataSet, Purpose, User, Via
from grid.accounts.queries import consents_given, may_act, third_parties

LONGEST = timedelta(days=3 * 366)
"""A consent is renewed at least every three years: nobody remembers an older one."""


@dataclass(frozen=True, slots=True)
class ConsentTerms:
    """What is given: to whom, what for, which data of which UTC days (end exclusive), until when."""

    grantee: User
    purpose: Purpose
    data_set: DataSet
    from_day: int
    to_day: int | None
    ends_at: datetime


@transaction.atomic
def give_consent(*, account: Account, terms: ConsentTerms, by: User, now: datetime) -> Consent:
    """Give a consent; the same terms while they stand are the same consent.

    Raises AccountsError: `not_owner`, `not_admitted`, `bad_range`, `bad_end`.
    """
    Account.objects.select_for_update().get(pk=account.pk)
    if not may_act(account, by):
        raise AccountsError("not_owner", "account", _("Only an owner of the account gives consents."))
    if not third_parties(account.community).filter(pk=terms.grantee.pk).exists():
        raise AccountsError("not_admitted", "grantee", _("Choose one of the third parties of your community."))
    if terms.to_day is not None and terms.to_day <= terms.from_day:
        raise AccountsError("bad_range", "to_day", _("The last day must not be before the first one."))
    if not now < terms.ends_at <= now + LONGEST:
        raise AccountsError("bad_end", "ends_at", _("A consent ends within three years, and not in the past."))
    same = consents_given(account).filter(
        grantee=terms.grantee,
        purpose=terms.purpose,
        data_set=terms.data_set,
        from_day=terms.from_day,
        to_day=terms.to_day,
        ends_at=terms.ends_at,
        revoked_at=None,
    )
    found = same.first()
    if found is not None:
        return found
    return Consent.objects.create(
        account=account,
        grantee=terms.grantee,
        purpose=terms.purpose,
        data_set=terms.data_set,
        from_day=terms.from_day,
        to_day=terms.to_day,
        given_at=now,
        given_by=by,
        ends_at=terms.ends_at,
    )


@transaction.atomic
def revoke_consent(*, account: Account, consent_id: int, by: User, now: datetime) -> Consent:
    """End a consent at once; one that has ended stays as it is.

    Raises AccountsError: `not_owner`, or `no_such_consent` when it is not this account's.
    """
    if not may_act(account, by):
        raise AccountsError("not_owner", "account", _("Only an owner of the account revokes consents."))
    consent = Consent.objects.select_for_update().filter(account=account, pk=consent_id).first()
    if consent is None:
        raise AccountsError("no_such_consent", "consent", _("This account has no such consent."))
    if consent.revoked_at is None:
        consent.revoked_at = now
        consent.save(update_fields=["revoked_at"])
    return consent


def note_access(
    *, account: Account, user: User, consent: Consent | None, data_set: DataSet, what: str, now: datetime
) -> None:
    """Note that somebody who is no member looks at an account's data; without a consent it is by a role."""
    Access.objects.create(
        account=account,
        user=user,
        via=Via.ROLE if consent is None else Via.CONSENT,
        consent=consent,
        data_set=data_set,
        what=what[:120],
        at=now,
    )
