"""Consents and tokens: who gives, what stands, and what ends at once."""

from dataclasses import replace
from datetime import timedelta

import pytest

from grid.accounts.errors import AccountsError
from grid.accounts.models import AccountRight, ApiToken, DataSet, Purpose, RoleGrant
from grid.accounts.queries import consents_received, standing_consents, third_parties
from grid.accounts.services import ConsentTerms, find_token, give_consent, issue_token, revoke_consent, revoke_token
from tests.factories import NOW, TODAY, People, owns
from tests.grid.pages import at_noon, escrow, fresh_memory, people

__all__ = ["at_noon", "escrow", "fresh_memory", "people"]


def terms(people: People, **changes: object) -> ConsentTerms:
    plain = ConsentTerms(people.tess, Purpose.ADVICE, DataSet.INTERVALS, TODAY - 30, None, NOW + timedelta(days=90))
    return replace(plain, **changes)  # type: ignore[arg-type]


def test_an_owner_gives_a_consent_and_the_same_terms_are_the_same_consent(people: People) -> None:
    first = give_consent(account=people.home.account, terms=terms(people), by=people.alice, now=NOW)
    again = give_consent(
        account=people.home.account, terms=terms(people), by=people.alice, now=NOW + timedelta(hours=1)
    )
    assert first.pk == again.pk
    assert [each.pk for each in consents_received(people.tess, now=NOW)] == [first.pk]
    assert list(standing_consents(people.tess, DataSet.STATEMENTS, now=NOW)) == []


@pytest.mark.parametrize("name", ["bob", "mallory", "olga", "tess"])
def test_nobody_else_gives_or_revokes(people: People, name: str) -> None:
    consent = give_consent(account=people.home.account, terms=terms(people), by=people.alice, now=NOW)
    person = getattr(people, name)
    with pytest.raises(AccountsError) as refused:
        give_consent(account=people.home.account, terms=terms(people), by=person, now=NOW)
    assert refused.value.code == "not_owner"
    with pytest.raises(AccountsError) as refused:
        revoke_consent(account=people.home.account, consent_id=consent.pk, by=person, now=NOW)
    assert refused.value.code == "not_owner"
    assert consents_received(people.tess, now=NOW).count() == 1


def test_a_consent_of_another_account_is_not_revoked_through_the_own(people: People) -> None:
    consent = give_consent(account=people.home.account, terms=terms(people), by=people.alice, now=NOW)
    with pytest.raises(AccountsError) as refused:
        revoke_consent(account=people.elsewhere.account, consent_id=consent.pk, by=people.mallory, now=NOW)
    assert refused.value.code == "no_such_consent"


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"to_day": TODAY - 30}, "bad_range", "to_day"),
        ({"ends_at": NOW}, "bad_end", "ends_at"),
        ({"ends_at": NOW + timedelta(days=4 * 366)}, "bad_end", "ends_at"),
    ],
)
def test_terms_that_make_no_sense(people: People, changes: dict[str, object], code: str, field: str) -> None:
    with pytest.raises(AccountsError) as refused:
        give_consent(account=people.home.account, terms=terms(people, **changes), by=people.alice, now=NOW)
    assert (refused.value.code, refused.value.field) == (code, field)


def test_only_third_parties_of_the_community_are_given_anything(people: People) -> None:
    assert list(third_parties(people.community)) == [people.tess]
    for person in (people.mallory, people.otto, people.olga):
        with pytest.raises(AccountsError) as refused:
            give_consent(account=people.home.account, terms=terms(people, grantee=person), by=people.alice, now=NOW)
        assert refused.value.code == "not_admitted"


def test_what_ends_a_consent(people: People) -> None:
    def stands(days: float = 0) -> int:
        return standing_consents(people.tess, DataSet.INTERVALS, now=NOW + timedelta(days=days)).count()

    consent = give_consent(account=people.home.account, terms=terms(people), by=people.alice, now=NOW)
    assert [stands(), stands(89.9), stands(90), stands(-0.1)] == [1, 1, 0, 0]
    RoleGrant.objects.filter(user=people.tess).delete()
    assert stands() == 0
    RoleGrant.objects.create(user=people.tess, community=people.community, role="third_party")
    people.tess.is_active = False
    people.tess.save()
    assert stands() == 0
    people.tess.is_active = True
    people.tess.save()
    assert stands() == 1
    revoke_consent(account=people.home.account, consent_id=consent.pk, by=people.alice, now=NOW)
    assert stands() == 0
    later = NOW + timedelta(days=1)
    again = revoke_consent(account=people.home.account, consent_id=consent.pk, by=people.alice, now=later)
    assert again.revoked_at == NOW, "what has ended is not ended again"
    renewed = give_consent(account=people.home.account, terms=terms(people), by=people.alice, now=NOW)
    assert renewed.pk != consent.pk


def test_a_second_owner_revokes_what_the_first_gave(people: People) -> None:
    consent = give_consent(account=people.home.account, terms=terms(people), by=people.alice, now=NOW)
    owns(people.home.account, people.ada, AccountRight.OWNER)
    revoke_consent(account=people.home.account, consent_id=consent.pk, by=people.ada, now=NOW)
    assert consents_received(people.tess, now=NOW).count() == 0


def test_a_token_is_kept_as_a_hash_and_ends(people: People) -> None:
    token, secret = issue_token(user=people.alice, name="watcher", scopes=["read", "cases"], days=30, now=NOW)
    assert secret.startswith("cwt_")
    row = ApiToken.objects.values().get(pk=token.pk)
    assert secret not in str({**row, "digest": bytes(row["digest"])})
    found = find_token(secret, now=NOW)
    assert found is not None
    assert found.user == people.alice
    assert ApiToken.objects.get(pk=token.pk).last_used_at == NOW
    assert find_token(secret, now=NOW + timedelta(days=30)) is None
    assert find_token(secret[:-1], now=NOW) is None
    assert find_token("cwt_" + "x" * 200, now=NOW) is None
    people.alice.is_active = False
    people.alice.save()
    assert find_token(secret, now=NOW) is None


def test_a_token_is_revoked_by_its_owner_alone(people: People) -> None:
    token, secret = issue_token(user=people.alice, name="watcher", scopes=["read"], days=30, now=NOW)
    with pytest.raises(AccountsError):
        revoke_token(user=people.bob, token_id=token.pk, now=NOW)
    assert find_token(secret, now=NOW) is not None
    revoke_token(user=people.alice, token_id=token.pk, now=NOW)
    assert find_token(secret, now=NOW) is None


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": " "}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["write"]}, "scopes"),
        ({"days": 0}, "days"),
        ({"days": 400}, "days"),
    ],
)
def test_tokens_that_make_no_sense(people: People, changes: dict[str, object], field: str) -> None:
    wish: dict[str, object] = {"name": "watcher", "scopes": ["read"], "days": 30} | changes
    with pytest.raises(AccountsError) as refused:
        issue_token(user=people.alice, now=NOW, **wish)  # type: ignore[arg-type]
    assert refused.value.field == field
