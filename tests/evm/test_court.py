"""Random disputes about a lying run, on the contracts as they are deployed together."""

import time
from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.domain.test_recompute import LIES, claims_of_alice, known, lying
from tests.evm import courts
from tests.evm.machine.court import Court
from tests.vectors.recompute_runs import post
from tests.vectors.recompute_setting import NOW

CALLS = {"short": 150, "everyday": 1_500, "deep": 60_000}


@pytest.fixture(scope="module")
def court() -> type[Court]:
    kinds = (frozenset(LIES), frozenset({"energy", "net"}), frozenset[str]())
    Court.runs = [post(known(0), lying(0, lies), sequence=number) for number, lies in enumerate(kinds)]
    Court.tier0 = staticmethod(claims_of_alice)
    Court.world = courts.empty_court()
    courts.anchor(Court.world, Court.runs[0])
    courts.post(Court.world, Court.runs[0])
    Court.world.chain.travel(NOW)
    return Court


def test_court(court: type[Court], scale: str) -> None:
    court.counts = Counter()
    phases = [Phase.generate] if scale == "short" else list(Phase)
    given = settings(
        max_examples=10, stateful_step_count=40, deadline=None, database=None, phases=phases,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    began, rounds = time.monotonic(), 0
    while court.counts["sent"] < CALLS[scale]:
        run_state_machine_as_test(seed(rounds)(court), settings=given)
        rounds += 1
    counted = ", ".join(f"{count} {what}" for what, count in court.counts.items())
    print(f"{counted}; {court.counts['sent'] / (time.monotonic() - began):.0f} calls a second")
    assert court.counts["sent"] >= CALLS[scale]
