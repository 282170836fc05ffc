"""Whatever a program sends, whoever it is: no failure of ours, and answers that are as described.

A bounded number of requests for each operation and person every day, many more by `--run-deep`. Half of them name
what is really there, so that more than 404 is seen.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import hypothesis
import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from grid.accounts.models import DataSet
from grid.accounts.services import issue_token
from grid.config.wsgi import application
from grid.domain.slots import date_of_day
from tests.factories import NOW, TODAY
from tests.grid.portal.api.conftest import consent
from tests.neighbourhood import SLOT_NOW, Neighbourhood

PEOPLE = ("nobody", "alice", "bob", "mallory", "olga", "tess")
"""Nobody, an owner, a teammate, a stranger, an operator, and a third party with Alice's consents."""

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EVERY_DAY, DEEP = 6, 400


def operations(schema: Any) -> Iterator[Any]:
    for found in schema.get_all_operations():
        yield found.ok()


def really_there(made: Neighbourhood) -> dict[str, str]:
    return {
        "point_id": str(made.people.home.point.id),
        "address": made.people.home.account.address,
        "day": date_of_day(TODAY - 1).isoformat(),
        "slot": str(SLOT_NOW - 4),
    }


@pytest.fixture
def schema(neighbours: Neighbourhood) -> Iterator[Any]:
    """The description, served by the application on this test's own database connection."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield schemathesis.openapi.from_wsgi("/api/openapi.json", application)
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_every_operation_for_every_person(
    schema: Any, neighbours: Neighbourhood, mode: GenerationMode, request: pytest.FixtureRequest
) -> None:
    examples = DEEP if request.config.getoption("--run-deep") else EVERY_DAY
    for data_set in DataSet:
        consent(neighbours.people, data_set, ends_at=NOW + timedelta(days=1))
    known = really_there(neighbours)
    seen: Counter[tuple[str, int]] = Counter()
    for who in PEOPLE:
        headers = {}
        person = neighbours.people.everyone[who]
        if person is not None:
            _, secret = issue_token(user=person, name=who, scopes=["read", "cases", "watch"], days=2, now=NOW)
            headers = {"Authorization": f"Bearer {secret}"}
        for operation in operations(schema):
            _try(operation, mode, headers, known, who, examples, seen)
    statuses = {status for _, status in seen}
    assert not {status for status in statuses if status >= 500}
    assert {401, 404, 422} <= statuses
    if mode is GenerationMode.POSITIVE:
        assert seen["alice", 200] > seen["mallory", 200] > seen["nobody", 200] > 0


def _try(
    operation: Any,
    mode: GenerationMode,
    headers: dict[str, str],
    known: dict[str, str],
    who: str,
    examples: int,
    seen: "Counter[tuple[str, int]]",
) -> None:
    """Send generated requests of one operation. Raises what a check finds, with the request as a curl command."""
    strategy = operation.as_strategy(generation_mode=mode)

    @hypothesis.settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=examples == EVERY_DAY,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate],
    )
    @hypothesis.given(case=strategy, real=st.booleans())
    def send(case: Any, real: bool) -> None:
        if real and case.path_parameters:
            case.path_parameters = {name: known.get(name, value) for name, value in case.path_parameters.items()}
        response = case.call(headers=headers)
        seen[who, response.status_code] += 1
        case.validate_response(response, checks=CHECKS)
        if mode is GenerationMode.NEGATIVE and not real:
            case.validate_response(response, checks=[negative_data_rejection])

    # An operation without any input has no wrong input either.
    with suppress(hypothesis.errors.Unsatisfiable):
        send()
