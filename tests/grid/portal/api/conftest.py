"""People with a day of energy, tokens for each of them, and a consent of Alice to Tess."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from grid.accounts.models import Consent, DataSet, Purpose, User
from grid.accounts.services import ConsentTerms, give_consent, issue_token
from tests.factories import NOW, TODAY, People
from tests.grid.pages import at_noon, escrow, fresh_memory, neighbours, people

__all__ = ["at_noon", "escrow", "fresh_memory", "neighbours", "people"]

Calls = Callable[..., Client]


def client_of(user: User | None, *scopes: str) -> Client:
    """A program with a token of the person, of all scopes unless some are named."""
    if user is None:
        return Client()
    _, secret = issue_token(user=user, name="test", scopes=scopes or ["read", "cases", "watch"], days=1, now=NOW)
    return Client(headers={"Authorization": f"Bearer {secret}"})


def consent(people: People, data_set: DataSet = DataSet.INTERVALS, **changes: object) -> Consent:
    """Alice lets Tess read from yesterday on."""
    values: dict[str, object] = {
        "grantee": people.tess,
        "purpose": Purpose.ADVICE,
        "data_set": data_set,
        "from_day": TODAY - 1,
        "to_day": None,
        "ends_at": NOW + timedelta(days=30),
    }
    terms = ConsentTerms(**(values | changes))  # type: ignore[arg-type]
    return give_consent(account=people.home.account, terms=terms, by=people.alice, now=NOW - timedelta(minutes=1))


@pytest.fixture
def given(people: People) -> Consent:
    return consent(people)
